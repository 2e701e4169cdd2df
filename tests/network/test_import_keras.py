"""Larq and Keras files, written here through h5py in their layout, against numpy."""

import json

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.importers.keras import from_keras
from mramsim.network.nodes import Conv2d, Product

h5py = pytest.importorskip("h5py", reason="needs the import extra (h5py)")


def save(path, layers, weights, functional=False):
    """Write what ``model.save("model.h5")`` writes: a configuration and groups of weights."""
    listed = []
    for index, (kind, config) in enumerate(layers):
        entry = {"class_name": kind, "config": {"name": f"l{index}", **config}}
        if functional:
            before = [[[f"l{index - 1}", 0, 0, {}]]] if index else []
            entry |= {"name": f"l{index}", "inbound_nodes": config.pop("inbound", before)}
        listed.append(entry)
    inner = {"name": "m", "layers": listed}
    if functional:
        inner |= {"output_layers": [[f"l{len(layers) - 1}", 0, 0]]}
    config = {"class_name": "Functional" if functional else "Sequential", "config": inner}
    with h5py.File(path, "w") as stored:
        stored.attrs["model_config"] = json.dumps(config)
        stored.attrs["keras_version"] = "2.11.0"
        group = stored.create_group("model_weights")
        for layer, arrays in weights.items():
            for key, array in arrays.items():
                group.create_dataset(f"{layer}/{layer}/{key}:0", data=array)
    return path


def f32(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def signs(values):
    return np.where(values >= 0, 1.0, -1.0)


def norm_of(width, seed):
    rng = np.random.default_rng(seed)
    return {
        "gamma": rng.choice([-1.5, 0.0, 0.4, 1.0], width).astype(np.float32),
        "beta": f32(width, seed=seed),
        "moving_mean": f32(width, seed=seed + 1) * 3,
        "moving_variance": rng.uniform(0.2, 9, width).astype(np.float32),
    }


def normed(x, parts, eps=1e-3):
    scale = parts["gamma"] / np.sqrt(parts["moving_variance"] + eps)
    return x * scale + (parts["beta"] - parts["moving_mean"] * scale)


def convolved(x, kernel, stride, before, after, fill):
    """Plain loops over a channels-last image; kernel [height, width, in, out]."""
    x = np.pad(x, [(0, 0), *zip(before, after, strict=True), (0, 0)], constant_values=fill)
    high, wide = kernel.shape[:2]
    rows = (x.shape[1] - high) // stride + 1
    columns = (x.shape[2] - wide) // stride + 1
    found = np.zeros((len(x), rows, columns, kernel.shape[3]))
    for r in range(rows):
        for c in range(columns):
            patch = x[:, r * stride : r * stride + high, c * stride : c * stride + wide]
            found[:, r, c] = np.einsum("nijk,ijko->no", patch, kernel)
    return found


def pooled(x):
    n, h, w, c = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def quantised(**more):
    return {"kernel_quantizer": "ste_sign", "use_bias": False, **more}


SIGN = {"class_name": "Larq>SteSign", "config": {"clip_value": 1.0}}


@pytest.mark.parametrize(
    ("fill", "stride", "size"), [(0.0, 1, 7), (0.0, 2, 8), (1.0, 2, 8), (-1.0, 2, 7), (1.0, 1, 8)]
)
def test_larq_network(tmp_path, fill, stride, size):
    """The usual shape: real input, binary layers, pool, norm, flatten in HWC order, softmax."""
    first, second, third = f32(3, 3, 2, 6), f32(3, 3, 6, 5, seed=1), None
    norms = {"l2": norm_of(6, 2), "l4": norm_of(5, 3)}
    side = size // 2
    after_second = -(-side // stride)
    third = f32(after_second**2 * 5, 4, seed=5)
    last = norm_of(4, 9)
    del last["gamma"]
    layers = [
        ("QuantConv2D", quantised(batch_input_shape=[None, size, size, 2], filters=6,
                                  kernel_size=[3, 3], padding="same", strides=[1, 1])),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}),
        ("BatchNormalization", {"axis": [3], "epsilon": 0.001, "scale": True, "center": True}),
        ("QuantConv2D", quantised(input_quantizer=SIGN, padding="same", pad_values=fill,
                                  strides=[stride, stride])),
        ("BatchNormalization", {"axis": [3], "epsilon": 0.001}),
        ("Flatten", {"data_format": "channels_last"}),
        ("QuantDense", quantised(input_quantizer="ste_sign", units=4)),
        ("BatchNormalization", {"axis": [1], "scale": False, "epsilon": 0.001}),
        ("Activation", {"activation": "softmax"}),
    ]  # fmt: skip
    weights = {"l0": {"kernel": first}, "l3": {"kernel": second}, "l6": {"kernel": third},
               "l7": last, **norms}  # fmt: skip
    network = from_keras(save(tmp_path / "m.h5", layers, weights))
    x = f32(60, size, size, 2, seed=7)
    h = convolved(x, signs(first), 1, (1, 1), (1, 1), 0.0)
    h = signs(normed(pooled(h), norms["l2"]))
    total = max((after_second - 1) * stride + 3 - side, 0)  # "same": the odd one at the end
    pads = (total // 2,) * 2, (total - total // 2,) * 2
    h = normed(convolved(h, signs(second), stride, *pads, fill), norms["l4"])
    h = signs(h.reshape(60, -1)) @ signs(third)
    expected = normed(h, {"gamma": np.float32(1), **last})
    found = network.scores(np.moveaxis(x, -1, 1))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.array_equal(found.argmax(1), expected.argmax(1))
    inner = network.node("l3")
    assert isinstance(inner, Conv2d)
    assert inner.pad_value == fill
    assert [product.name for product in network.products()] == ["l3", "l6"]
    assert "its input 'x' is real" in network.training["import"]["digital"]["l0"]


@pytest.mark.parametrize("kind", ["uint8", "bits", "signs"])
def test_first_layer_on_arrays(tmp_path, kind):
    """Input not quantised: 8-bit pixels, 0/1 or -1/+1 go to the array as levels."""
    kernel, parts = f32(9, 4), norm_of(4, 1)
    layers = [("QuantDense", quantised(batch_input_shape=[None, 9])), ("BatchNormalization", {})]
    path = save(tmp_path / "m.h5", layers, {"l0": {"kernel": kernel}, "l1": parts})
    options = {"uint8": (1 / 127.5, -1.0), "bits": (1.0, 0.0), "signs": (1.0, 0.0)}
    scale, offset = options[kind]
    network = from_keras(path, input=kind, scale=scale, offset=offset)
    rng = np.random.default_rng(2)
    raw = {"uint8": rng.integers(0, 256, (80, 9)), "bits": rng.integers(0, 2, (80, 9)),
           "signs": rng.choice([-1, 1], (80, 9))}[kind]  # fmt: skip
    expected = normed((raw * scale + offset) @ signs(kernel), parts)
    np.testing.assert_allclose(network.scores(raw), expected, atol=2e-5)
    assert isinstance(network.node("l0"), Product)
    assert network.node("l0").planes == (8 if kind == "uint8" else 1)


def test_functional_shortcut_and_heaviside(tmp_path):
    kernel, parts = f32(1, 5, 5, seed=3), norm_of(5, 4)
    dense = f32(5, 3, seed=6)
    layers = [
        ("InputLayer", {"batch_input_shape": [None, 6, 5]}),
        ("QuantConv1D", quantised(input_quantizer="ste_heaviside", strides=[1], padding="valid")),
        ("BatchNormalization", {"axis": [2]}),
        ("Add", {"inbound": [[["l2", 0, 0, {}], ["l0", 0, 0, {}]]]}),
        ("PReLU", {"shared_axes": [1]}),
        ("GlobalAveragePooling1D", {}),
        ("Dense", {"activation": "linear", "use_bias": True}),
    ]
    slope = np.float32([[0.1, 0.2, 0.3, 0.4, 0.5]])
    weights = {"l1": {"kernel": kernel}, "l2": parts, "l4": {"alpha": slope},
               "l6": {"kernel": dense, "bias": f32(3, seed=8)}}  # fmt: skip
    network = from_keras(save(tmp_path / "m.h5", layers, weights, functional=True))
    x = f32(70, 6, 5, seed=9)
    h = normed((x > 0) @ signs(kernel[0]), parts) + x
    h = np.where(h > 0, h, h * slope).mean(1)
    expected = h @ dense + f32(3, seed=8)
    np.testing.assert_allclose(network.scores(np.moveaxis(x, -1, 1)), expected, atol=1e-5)
    assert isinstance(network.node("l1"), Product)


def test_depthwise(tmp_path):
    kernel, dense = f32(3, 3, 4, 2), f32(8, 3, seed=2)
    layers = [
        ("QuantDepthwiseConv2D",
         {"batch_input_shape": [None, 5, 5, 4], "depthwise_quantizer": "ste_sign",
          "input_quantizer": "ste_sign", "use_bias": False, "strides": [1, 1]}),
        ("GlobalAveragePooling2D", {}),
        ("Dense", {"use_bias": False}),
    ]  # fmt: skip
    weights = {"l0": {"depthwise_kernel": kernel}, "l2": {"kernel": dense}}
    network = from_keras(save(tmp_path / "m.h5", layers, weights))
    x = f32(40, 5, 5, 4, seed=3)
    h = np.zeros((40, 3, 3, 8))
    for channel in range(4):
        part = signs(x[..., channel : channel + 1])
        own = signs(kernel[:, :, channel : channel + 1])
        h[..., 2 * channel : 2 * channel + 2] = convolved(part, own, 1, (0, 0), (0, 0), 0)
    expected = h.mean((1, 2)) @ dense
    np.testing.assert_allclose(network.scores(np.moveaxis(x, -1, 1)), expected, atol=1e-5)


LAYERS = [("QuantDense", quantised(batch_input_shape=[None, 4]))]


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([("Lambda", {"batch_input_shape": [None, 4]})], "layer 'l0' of kind 'Lambda'"),
        ([("QuantDense", {"batch_input_shape": [None, 4], "kernel_quantizer": "dorefa_quantizer"})],
         "'dorefa_quantizer' is not 1-bit"),
        ([("QuantDense", {"batch_input_shape": [None, 4], "kernel_quantizer": "ste_si\n"})],
         "'ste_si ' is not 1-bit"),  # found by fuzzing: a message of two lines
        ([("QuantDense", quantised())], "does not say its input shape"),
        ([("QuantDense", quantised(batch_input_shape=[None, 5]))], "4 inputs, but"),
        ([("QuantDense", quantised(batch_input_shape=[None, 1 << 60]))], "input shape"),
        ([(LAYERS[0]), ("BatchNormalization", {})], "layer 'l1' has no 'gamma'"),
        ([(LAYERS[0]), ("Activation", {"activation": "gelu"})], "activation 'gelu'"),
        ([("QuantDense", quantised(batch_input_shape=[None, 4], data_format="channels_first"))],
         "channels_last"),
        ([LAYERS[0], ("Softmax", {}), ("ReLU", {})], "a softmax inside the network"),
        ([], "no list of layers"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(tmp_path, layers, text):
    path = save(tmp_path / "m.h5", layers, {"l0": {"kernel": f32(4, 3)}})
    with pytest.raises(InputError) as caught:
        from_keras(path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def hostile(path, change):
    save(path, LAYERS, {"l0": {"kernel": f32(4, 3)}})
    with h5py.File(path, "a") as stored:
        change(stored, stored["model_weights/l0/l0"])
    return path


def link_out(stored, group):
    del group["kernel:0"]
    group["kernel:0"] = h5py.ExternalLink("/etc/other.h5", "/x")


def soft_link(stored, group):
    group["bias:0"] = h5py.SoftLink("/model_weights/l0/l0/kernel:0")


def stored_outside(stored, group):
    del group["kernel:0"]
    group.create_dataset("kernel:0", (4, 3), "f4", external=[("/etc/passwd", 0, 48)])


def virtual(stored, group):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4, 3))
    del group["kernel:0"]
    group.create_virtual_dataset("kernel:0", layout)


def bomb(stored, group):
    """A petabyte of zeros in a few bytes."""
    group.create_dataset("bias:0", (1 << 50,), "u1", chunks=(1 << 20,), compression="gzip")


def objects(stored, group):
    group.create_dataset("bias:0", (2,), h5py.string_dtype())


def cycle(stored, group):
    group["again"] = stored["model_weights"]


def no_config(stored, group):
    del stored.attrs["model_config"]


def bad_json(stored, group):
    stored.attrs["model_config"] = "{" * 5000


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (link_out, "is a link"),
        (soft_link, "is a link"),
        (stored_outside, "lies in another file"),
        (virtual, "lies in another file"),
        (bomb, "unpacks to more than"),
        (objects, "has type"),
        (cycle, "nested too deep"),
        (no_config, "holds weights only"),
        (bad_json, "cannot be read"),
    ],
)
def test_hostile_files(tmp_path, change, text):
    with pytest.raises(InputError, match=text):
        from_keras(hostile(tmp_path / "m.h5", change))


def test_damaged_files(tmp_path):
    path = tmp_path / "m.h5"
    content = save(path, LAYERS, {"l0": {"kernel": f32(4, 3)}}).read_bytes()
    for size in (0, 8, 100, len(content) // 2):
        path.write_bytes(content[:size])
        with pytest.raises(InputError):
            from_keras(path)
