"""Casts in ONNX files: kept where they change nothing, applied to signs, else refused."""

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.importers.qonnx import from_qonnx

onnx = pytest.importorskip("onnx", reason="needs the import extra (onnx)")
from onnx import TensorProto as Type  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

RNG = np.random.default_rng(0)
W1 = RNG.choice([-1, 1], (15, 8)).astype(np.float32)
W2 = RNG.choice([-1, 1], (8, 3)).astype(np.float32)
X = RNG.choice([-1, 1], (200, 15))


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], name=f"n_{output}", **attributes)


def network(path, nodes, **constants):
    """Read a model whose given nodes stand between sums h and b, what the last layer reads."""
    constants = {"w1": W1, "w2": W2, "zero": np.float32(0), **constants}
    nodes = [node("MatMul", ["x", "w1"], "h"), *nodes, node("MatMul", ["b", "w2"], "y")]
    entry = helper.make_tensor_value_info("x", Type.FLOAT, ["n", 15])
    last = helper.make_tensor_value_info("y", Type.FLOAT, ["n", 3])
    tensors = [numpy_helper.from_array(np.asarray(part), key) for key, part in constants.items()]
    graph = helper.make_graph(nodes, "g", [entry], [last], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), str(path))
    return from_qonnx(path, input="signs")


def cast(source, output, to):
    return node("Cast", [source], output, to=to)


SIGN = [node("Greater", ["h", "zero"], "p")]
KEPT = {
    "bool to float": ([*SIGN, cast("p", "b", Type.FLOAT)], lambda h: h > 0),
    "bool to double": ([*SIGN, cast("p", "b", Type.DOUBLE)], lambda h: h > 0),
    "bool to short": ([*SIGN, cast("p", "i", Type.FLOAT16), cast("i", "b", Type.FLOAT)],
                      lambda h: h > 0),
    "bool to whole": ([*SIGN, cast("p", "i", Type.INT64), cast("i", "b", Type.FLOAT)],
                      lambda h: h > 0),
    "sums are whole": ([cast("h", "i", Type.INT32), cast("i", "b", Type.FLOAT)], lambda h: h),
    "half a step to whole": ([*SIGN, cast("p", "f", Type.FLOAT), node("Mul", ["f", "c"], "m"),
                              cast("m", "i", Type.INT64), cast("i", "b", Type.FLOAT)],
                             lambda h: 2 * (h > 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_casts_that_are_exact(tmp_path, name):
    nodes, function = KEPT[name]
    found = network(tmp_path / "m.onnx", nodes, c=np.float32(2.75))
    expected = function(X @ W1).astype(np.float64) @ W2
    np.testing.assert_allclose(found.scores(X), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("to", "text"),
    [
        (Type.INT32, "a cast to int32 truncates"),
        (Type.INT64, "a cast to int64 truncates"),
        (Type.FLOAT16, "a cast to float16 rounds"),
        (Type.BFLOAT16, "a cast to bfloat16 rounds"),
        (Type.UINT8, "a cast to uint8 is not understood"),
        (Type.BOOL, "a step of three values"),
        (Type.STRING, "a cast to this type is not understood"),
    ],
)
def test_casts_of_reals_are_refused(tmp_path, to, text):
    nodes = [node("Mul", ["h", "c"], "m"), cast("m", "i", to), cast("i", "b", Type.FLOAT)]
    with pytest.raises(InputError) as caught:
        network(tmp_path / "m.onnx", nodes, c=np.float32(0.25))
    assert text in str(caught.value)


def test_a_cast_of_weights_cuts_them_off(tmp_path):
    """0.7 as a whole number is 0, whatever its width."""
    for to in (Type.INT8, Type.INT64):
        nodes = [cast("c", "i", to), cast("i", "f", Type.FLOAT), node("Add", ["h", "f"], "b")]
        found = network(tmp_path / "m.onnx", nodes, c=np.float32([[1.7, -1.7, 0.7, 2] * 2]))
        expected = (X @ W1 + np.array([1, -1, 0, 2] * 2)) @ W2
        np.testing.assert_allclose(found.scores(X), expected, atol=1e-5)
