"""Tables as bits: thermometers, words, missing entries, splits; wrong tables."""

import numpy as np
import pytest

from mramsim.datasets import load_dataset
from mramsim.datasets.encoders import OneHot, Thermometer, encode_column
from mramsim.errors import InputError
from mramsim.training import train


def test_thermometer_by_hand():
    """Levels at the quartiles of 0, 4, 8, 12, 16."""
    column = ["0", "4", "?", "8", "12", "16"]
    encoder = Thermometer.learn(column, 3)
    assert encoder.levels.tolist() == [4, 8, 12]
    bits = encoder.encode(["-1", "4", "4.5", "9", "", "1e9"], fill="8.5")
    assert bits.tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1]]


def test_words_by_hand():
    encoder = OneHot.learn(["red", "blue", "", "red"])
    assert encoder.words == ("blue", "red")
    assert encoder.encode(["red", "?", "green"], fill="blue").tolist() == [[0, 1], [1, 0], [0, 0]]


def test_kinds_of_columns():
    numbers, other = encode_column(["1", "2", "2", "NA"], ["3", "?"], 5)
    assert numbers.shape == (4, 5)
    assert np.array_equal(numbers[3], numbers[1])  # the most frequent
    assert np.array_equal(other[1], numbers[1])
    words, _ = encode_column(["1", "2", "x"], ["1"], 5)
    assert words.shape == (3, 3)
    late, _ = encode_column(["1", "2"], ["high"], 5)  # a word among the test rows
    assert late.shape == (2, 2)
    none, rest = encode_column(["?", ""], ["7"], 4)
    assert none.tolist() == [[0] * 4] * 2
    assert rest.tolist() == [[1] * 4]


def test_levels_ignore_test_rows():
    few, _ = encode_column(list("123456789"), ["1"], 4)
    same, _ = encode_column(list("123456789"), ["1000"], 4)
    assert np.array_equal(few, same)


@pytest.fixture
def table(tmp_path):
    """Width below 0.5 and colour decide between three classes."""
    rng = np.random.default_rng(0)
    lines = ["width,colour,length,class"]
    for _ in range(300):
        width, colour = rng.random(), rng.choice(["red", "blue", "?"])
        kind = "a" if width < 0.5 else "b" if colour == "red" else "c"
        lines.append(f"{width:.3f}, {colour},{rng.normal():.2f},{kind}")
    path = tmp_path / "leaves.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_table_is_learned(table):
    data = load_dataset(table)
    assert data.classes == ("a", "b", "c")
    assert (data.name, len(data.x_train), len(data.x_test)) == ("leaves.csv", 240, 60)
    assert data.shape == (1, 1, 32 + 2 + 32)
    assert set(np.unique(data.x_train)) == {0, 1}
    network = train("bnn", "mlp-64x1", data, epochs=20, batch=20)
    assert network.training["accuracy"]["test"] > 0.85


def test_splits(table):
    one, two = load_dataset(f"{table}@1"), load_dataset(f"{table}@2")
    assert one.name == "leaves.csv@1"
    assert not np.array_equal(one.y_test, two.y_test)
    assert np.array_equal(one.x_train, load_dataset(f"{table}@1").x_train)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("a,b\n1,x\n", "a header, 5 rows and 2 columns"),
        ("a\n" + "1\n" * 9, "a header, 5 rows and 2 columns"),
        ("a,b\n" + "1,x\n" * 9, "1 classes"),
        ("a,b\n" + "1,x\n" * 5 + "1,y,z\n", "row 7 has 3 entries, the header 2"),
        ("a,b\n" + "1,x\n" * 5 + "1,?\n", "no class"),
        ("a,b\n" + "".join(f"1,{n}\n" for n in range(300)), "300 classes"),
        (b"\xff\xfe\x00,1\n", "not a CSV file"),
    ],
    ids=str,
)
def test_wrong_tables(tmp_path, text, message):
    path = tmp_path / "t.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        load_dataset(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
