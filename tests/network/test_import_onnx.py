"""QONNX and ONNX files: Brevitas exports, every operation by hand, what must be refused."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.importers.qonnx import from_qonnx
from mramsim.network.nodes import Linear, Threshold

onnx = pytest.importorskip("onnx", reason="needs the import extra (onnx)")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

DATA = Path(__file__).resolve().parents[1] / "data" / "qonnx"
QONNX = "qonnx.custom_op.general"


def node(op, inputs, output, domain="", **attributes):
    return helper.make_node(op, inputs, [output], domain=domain, name=f"n_{output}", **attributes)


def save(path, nodes, constants, shape, output="y", extra_inputs=(), **options):
    """Write a model whose initialisers are also graph inputs, as the exporters do."""
    tensors = [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()]
    listed = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape]),
        *(helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors),
        *extra_inputs,
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        listed,
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        tensors,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(QONNX, 2)]
    )
    onnx.save(model, str(path), **options)
    return path


def f32(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def raw(value):
    return np.full(6, value, np.float32).tobytes()


def signs(values):
    return np.where(values >= 0, 1.0, -1.0)


@pytest.mark.parametrize("name", ["mlp_dynamo", "mlp_legacy", "conv_dynamo", "conv_legacy"])
def test_brevitas_exports(name):
    """Trained, both exporters: logits within 1e-5 and the same class for every test image."""
    with np.load(DATA / "expected.npz") as stored:
        images, expected = stored["images"], stored[name.split("_")[0]]
    network = from_qonnx(DATA / f"{name}.onnx")
    x = images if name.startswith("mlp") else images[:, None]
    found = network.scores(x)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.array_equal(found.argmax(1), expected.argmax(1))
    digital = network.training["import"]["digital"]
    if name.startswith("mlp"):
        assert len(network.products()) == 3
        assert digital == {}
        assert [part.name for part in network.products()] == ["2", "5", "8"]  # of the module
    else:  # 8-bit two's complement has no level for the zeros of the border
        assert len(network.products()) == 2
        assert list(digital.values()) == ["its padding of 0 is no level of its input"]


def test_plain_export_whose_rows_are_still_two_numbers():
    with np.load(DATA / "expected.npz") as stored:
        images, expected = stored["images"], stored["plain"]
    network = from_qonnx(DATA / "plain.onnx")
    np.testing.assert_allclose(network.scores(images), expected, atol=1e-5)
    assert [product.name for product in network.products()] == ["2"]


def test_plain_export_without_binary_weights_says_what_to_do(tmp_path):
    path = save(tmp_path / "m.onnx", [node("MatMul", ["x", "w"], "y")], {"w": f32(4, 3)}, [4])
    with pytest.raises(InputError, match="no binary weights are in this file.*export QONNX"):
        from_qonnx(path)


def binary_mlp(domain=QONNX, scale=(0.1,), shuffle=False):
    """Two layers of 1-bit weights, one scaled; a BatchNorm with gamma below and at 0."""
    constants = {
        "one": np.float32([1]),
        "s": np.asarray(scale, np.float32),
        "a.weight": f32(6, 9),
        "b.weight": f32(3, 6, seed=1),
        # as the exporter deduplicates an untrained norm: one tensor in two slots
        "gv": np.float32([-1.5, 0.0, 0.5, 1.0, 2.0, 1.0]) ** 2 + 0.5,
        "bm": f32(6, seed=3),
        "g": np.float32([-1.5, 0.0, 0.5, 1.0, -2.0, 1.0]),
    }
    constants["a.weight"][0, 0] = 0.0  # latent 0 and -0 are +1
    constants["a.weight"][1, 1] = -0.0
    nodes = [
        node("BipolarQuant", ["x", "one"], "q", domain),
        node("BipolarQuant", ["a.weight", "s"], "aw", domain),
        node("Gemm", ["q", "aw"], "h", transB=1),
        node("BatchNormalization", ["h", "g", "bm", "bm", "gv"], "n", epsilon=1e-3),
        node("BipolarQuant", ["n", "one"], "p", domain),
        node("BipolarQuant", ["b.weight", "one"], "bw", domain),
        node("Transpose", ["bw"], "bt", perm=[1, 0]),
        node("MatMul", ["p", "bt"], "y"),
    ]
    return (nodes[::-1] if shuffle else nodes), constants


def reference(constants, scale, x):
    h = (signs(x) @ signs(constants["a.weight"]).T) * np.broadcast_to(np.ravel(scale), 6)
    norm = constants["g"] * (h - constants["bm"]) / np.sqrt(constants["gv"] + 1e-3)
    return signs(norm + constants["bm"]) @ signs(constants["b.weight"]).T


@pytest.mark.parametrize("domain", [QONNX, "finn.custom_op.general", "onnx.brevitas"])
@pytest.mark.parametrize("scale", [[0.1], np.linspace(0.05, 0.9, 6).reshape(6, 1)], ids=["1", "6"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_scales_domains_and_order(tmp_path, domain, scale, shuffle):
    """A weight scale enters the threshold; nodes are found along edges, not by the list."""
    nodes, constants = binary_mlp(domain, scale, shuffle)
    network = from_qonnx(save(tmp_path / "m.onnx", nodes, constants, [9]))
    x = f32(400, 9, seed=9)
    x[0] = 0.0
    x[1] = -0.0
    assert np.array_equal(network.scores(x), reference(constants, scale, x))
    assert [type(part) for part in network.nodes[2:]][:3] == [Linear, Threshold, Linear]
    assert network.node("a").weight[0, 0] == 1
    assert network.node("a").weight[1, 1] == 1


def test_tensors_in_a_side_file(tmp_path):
    nodes, constants = binary_mlp()
    options = {
        "save_as_external_data": True,
        "location": "w.data",
        "size_threshold": 0,
        "convert_attribute": False,
    }
    path = save(tmp_path / "m.onnx", nodes, constants, [9], **options)
    assert (tmp_path / "w.data").stat().st_size > 300
    inside = from_qonnx(save(tmp_path / "n.onnx", nodes, constants, [9]), name="m")
    assert from_qonnx(path).digest == inside.digest
    (tmp_path / "w.data").write_bytes(b"\0" * 10)
    with pytest.raises(InputError, match=r"'w.data' is too short"):
        from_qonnx(path)
    (tmp_path / "w.data").unlink()
    with pytest.raises(InputError, match=r"w.data: no such file"):
        from_qonnx(path)


@pytest.mark.parametrize("place", ["../secret.data", "/etc/passwd", "sub/../../secret.data", ""])
def test_a_side_file_outside_the_folder_is_not_read(tmp_path, place):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.data").write_bytes(b"\0" * 4096)
    nodes, constants = binary_mlp()
    path = save(folder / "m.onnx", nodes, constants, [9])
    model = onnx.load(str(path))
    tensor = model.graph.initializer[2]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="outside the model's folder|is not a file"):
        from_qonnx(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    nodes, constants = binary_mlp()
    path = save(folder / "m.onnx", nodes, constants, [9], save_as_external_data=True,
                location="w.data", size_threshold=0)  # fmt: skip
    (folder / "w.data").rename(tmp_path / "w.data")
    (folder / "w.data").symlink_to(tmp_path / "w.data")
    with pytest.raises(InputError, match="outside the model's folder"):
        from_qonnx(path)


def quant(target, output, bits, signed=1, **attributes):
    inputs = [target, "scale", "zero", bits]
    return node("Quant", inputs, output, QONNX, signed=signed, **attributes)


BITS = {"scale": np.float32(0.25), "zero": np.float32(0), "b2": np.float32(2), "b4": np.float32(4)}


def test_wider_weights_are_refused_by_name(tmp_path):
    nodes = [quant("w", "q", "b2", narrow=1), node("MatMul", ["x", "q"], "y")]
    path = save(tmp_path / "m.onnx", nodes, {"w": f32(4, 3), **BITS}, [4])
    with pytest.raises(InputError, match=r"weights of 2 bits \(node 'n_q'"):
        from_qonnx(path)


def test_wider_activations_are_refused_by_name(tmp_path):
    nodes, constants = binary_mlp()
    nodes[4] = quant("n", "p", "b4")
    path = save(tmp_path / "m.onnx", nodes, {**constants, **BITS}, [9])
    with pytest.raises(InputError, match=r"activations of 4 bits inside the network \(node 'n_p'"):
        from_qonnx(path)


@pytest.mark.parametrize(("signed", "narrow"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("mode", ["ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO"])
def test_a_quantised_input_is_read_by_bit_planes(tmp_path, signed, narrow, mode):
    nodes = [
        node("Mul", ["x", "two"], "m"),
        quant("m", "q", "b4", signed, narrow=narrow, rounding_mode=mode),
        node("BipolarQuant", ["w", "one"], "b", QONNX),
        node("MatMul", ["q", "b"], "y"),
    ]
    constants = {"w": f32(7, 3), "one": np.float32([1]), "two": np.float32(2), **BITS}
    network = from_qonnx(save(tmp_path / "m.onnx", nodes, constants, [7]))
    x = f32(300, 7, seed=4)
    x[0] = [-0.25, -0.125, 0, 0.0625, 0.125, 0.1875, 0.3125]
    low, high = (-8 + narrow, 7) if signed else (0, 15 - narrow)
    rounding = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}
    q = 0.25 * np.clip(rounding[mode](x * 2 / np.float32(0.25)), low, high)
    np.testing.assert_allclose(network.scores(x), q @ signs(constants["w"]), atol=1e-5)
    assert network.products()[0].planes == 4


SLOPES = np.float32([[0.1, 0.5, -1, 2]])
OPERATIONS = {
    "LeakyRelu": ({"alpha": 0.2}, [], lambda x: np.where(x > 0, x, 0.2 * x)),
    "PRelu": ({}, [SLOPES], lambda x: np.where(x > 0, x, x * SLOPES)),
    "Clip": ({}, [np.float32(-0.5), np.float32(0.75)], lambda x: np.clip(x, -0.5, 0.75)),
    "Relu": ({}, [], lambda x: np.maximum(x, 0)),
    "Tanh": ({}, [], np.tanh),
    "Sigmoid": ({}, [], lambda x: 1 / (1 + np.exp(-x))),
    "Neg": ({}, [], np.negative),
    "Identity": ({}, [], lambda x: x),
    "Div": ({}, [np.float32(0.4)], lambda x: x / 0.4),
    "Sub": ({}, [np.float32([[1, 2, 3, 4]])], lambda x: x - [[1, 2, 3, 4]]),
    "Max": ({}, [np.float32(0.1)], lambda x: np.maximum(x, 0.1)),
    "Min": ({}, [np.float32(0.1)], lambda x: np.minimum(x, 0.1)),
    "Sign": ({}, [], np.sign),
}  # fmt: skip


@pytest.mark.parametrize("op", OPERATIONS)
def test_elementwise_operations(tmp_path, op):
    attributes, rest, function = OPERATIONS[op]
    constants = {f"c{index}": value for index, value in enumerate(rest)}
    constants |= {"w": signs(f32(4, 3)).astype(np.float32)}
    nodes = [node(op, ["x", *constants][: 1 + len(rest)], "h", **attributes)]
    nodes += [node("MatMul", ["h", "w"], "y")]
    network = from_qonnx(save(tmp_path / "m.onnx", nodes, constants, [4]))
    x = f32(200, 4, seed=5)
    np.testing.assert_allclose(network.scores(x), function(x) @ constants["w"], atol=1e-5)


@pytest.mark.parametrize("pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
def test_convolutions_and_pools(tmp_path, pad):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    pads = {"pads": [1, 1, 1, 1]} if pad == "NOTSET" else {}
    constants = {"w": f32(4, 2, 3, 3), "one": np.float32([1]), "v": signs(f32(4, 3)).astype("f")}
    nodes = [
        node("BipolarQuant", ["x", "one"], "q", QONNX),
        node("BipolarQuant", ["w", "one"], "b", QONNX),
        node("Conv", ["q", "b"], "c", strides=[2, 2], auto_pad=pad, **pads),
        node("MaxPool", ["c"], "m", kernel_shape=[2, 2], strides=[1, 1]),
        node("AveragePool", ["m"], "a", kernel_shape=[2, 1]),
        node("GlobalAveragePool", ["a"], "g"),
        node("Flatten", ["g"], "f"),
        node("MatMul", ["f", "v"], "y"),
    ]
    network = from_qonnx(save(tmp_path / "m.onnx", nodes, constants, [2, 8, 8]))
    x = f32(50, 2, 8, 8, seed=6)
    border = {"NOTSET": (1, 1), "SAME_UPPER": (0, 1), "SAME_LOWER": (1, 0), "VALID": (0, 0)}[pad]
    value = functional.pad(torch.tensor(signs(x)).float(), border * 2)
    value = functional.conv2d(value, torch.tensor(signs(constants["w"])).float(), stride=2)
    value = functional.avg_pool2d(functional.max_pool2d(value, 2, 1), (2, 1), 1).mean((2, 3))
    expected = value.numpy() @ constants["v"]
    np.testing.assert_allclose(network.scores(x), expected, atol=1e-5)
    assert len(network.products()) == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: m.graph.node[2].__setattr__("op_type", "Einsum"), "operation 'Einsum'"),
        (lambda m: m.graph.node[0].__setattr__("domain", "my.ops"), "domain 'my.ops'"),
        (lambda m: m.graph.node[7].input.__setitem__(0, "nowhere"), "nothing computes 'nowhere'"),
        (lambda m: m.graph.node[2].input.__setitem__(0, "y"), "depends on itself"),
        (lambda m: m.graph.initializer[2].dims.__setitem__(0, 1 << 40), "shape"),
        (lambda m: m.graph.initializer[2].dims.__setitem__(0, -6), "shape"),
        (lambda m: m.graph.initializer[2].dims.__setitem__(0, 7), "cannot be read"),
        (lambda m: m.graph.initializer[2].__setattr__("data_type", TensorProto.STRING), "type"),
        (lambda m: m.graph.initializer[2].__setattr__("data_type", TensorProto.COMPLEX64), "type"),
        (lambda m: m.graph.ClearField("node"), "no nodes"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim.pop(), "input"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim[1].__setattr__("dim_value", 1 << 50),
         "input shape"),
        (lambda m: m.graph.input.add(name="other"), "2 inputs"),
        (lambda m: m.graph.initializer[4].__setattr__("raw_data", raw(np.nan)), "finite"),
        (lambda m: m.graph.initializer[4].__setattr__("raw_data", raw(-9)), "negative variance"),
    ],
)  # fmt: skip
def test_what_must_be_refused(tmp_path, change, text):
    nodes, constants = binary_mlp()
    path = save(tmp_path / "m.onnx", nodes, constants, [9])
    model = onnx.load(str(path))
    change(model)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError) as caught:
        from_qonnx(path)
    assert text in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_damaged_files(tmp_path):
    """Every cut and many changed bytes: a clear line or a network, nothing else."""
    content = (DATA / "plain.onnx").read_bytes()
    path = tmp_path / "m.onnx"
    rng = np.random.default_rng(0)
    for size in (0, 1, 10, 100, 1000, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(InputError):
            from_qonnx(path)
    for _ in range(60):
        changed = bytearray(content)
        for place in rng.integers(0, len(content), 3):
            changed[place] = rng.integers(0, 256)
        path.write_bytes(changed)
        with contextlib.suppress(InputError):
            from_qonnx(path)
    with pytest.raises(InputError, match="no such file"):
        from_qonnx(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="is not a file"):
        from_qonnx(tmp_path)


def test_size_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("mramsim.network.archive.MAX_BYTES", 1000)
    with pytest.raises(InputError, match="at most 1000 are allowed"):
        from_qonnx(DATA / "plain.onnx")
