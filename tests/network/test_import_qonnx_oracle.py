"""Against the executor of qonnx, where it is installed (the oracles extra)."""

from pathlib import Path

import numpy as np
import pytest

from mramsim.network.importers.qonnx import from_qonnx

reason = "needs the oracles extra (qonnx)"
pytest.importorskip("qonnx", reason=reason)
pytestmark = pytest.mark.filterwarnings("ignore")  # those of the oracle and what it imports

DATA = Path(__file__).resolve().parents[1] / "data" / "qonnx"


def executed(path, images):
    """Logits of one image at a time, as the batch is baked into the files."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.util.cleanup import cleanup_model

    model = cleanup_model(ModelWrapper(str(path)))
    entry, last = model.graph.input[0].name, model.graph.output[0].name
    shape = model.get_tensor_shape(entry)
    return np.concatenate(
        [execute_onnx(model, {entry: image.reshape(shape)})[last] for image in images]
    )


@pytest.mark.parametrize("name", ["mlp_dynamo", "mlp_legacy", "conv_dynamo", "conv_legacy"])
def test_every_test_image(name):
    with np.load(DATA / "expected.npz") as stored:
        images = stored["images"].astype(np.float32)
    expected = executed(DATA / f"{name}.onnx", images)
    x = images if name.startswith("mlp") else images[:, None]
    found = from_qonnx(DATA / f"{name}.onnx").scores(x)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.array_equal(found.argmax(1), expected.argmax(1))


@pytest.mark.parametrize("name", ["mlp_legacy", "conv_legacy"])
def test_our_export_is_what_we_compute(name, tmp_path):
    from mramsim.network.exporters.qonnx import to_qonnx

    network = from_qonnx(DATA / f"{name}.onnx")
    with np.load(DATA / "expected.npz") as stored:
        images = stored["images"].astype(np.float32)[:60]
    x = images if name.startswith("mlp") else images[:, None]
    path = to_qonnx(network, tmp_path / "out.onnx")
    np.testing.assert_allclose(executed(path, images), network.scores(x), atol=1e-5)
