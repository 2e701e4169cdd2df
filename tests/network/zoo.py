"""Torch modules in the styles of published binary networks, in a state like a trained one."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize


class Ste(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class SteSign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.sign(x)
        out[out == 0] = 1
        return out

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def detached(x):
    """Sign forward, clipped identity backward."""
    soft = torch.clamp(x, -1, 1)
    return torch.sign(x).detach() - soft.detach() + soft


def bireal(x):
    """Sign forward, piecewise polynomial backward."""
    out = torch.sign(x)
    low, middle = (x < -1).float(), (x < 0).float()
    first = -1 * low + (x * x + 2 * x) * (1 - low)
    soft = first * middle + (-x * x + 2 * x) * (1 - middle)
    return out.detach() - soft.detach() + soft


class Heaviside(nn.Module):
    def forward(self, x):
        return (x > 0).float()


class Act(nn.Module):
    def forward(self, x):
        return Ste.apply(x)


class BinaryLinear(nn.Linear):
    def forward(self, x):
        return functional.linear(x, Ste.apply(self.weight), self.bias)


class BinaryConv(nn.Conv2d):
    def forward(self, x):
        return self._conv_forward(x, SteSign.apply(self.weight), self.bias)


class ScaledConv(nn.Conv2d):
    """XNOR-Net: one mean magnitude per filter."""

    def forward(self, x):
        alpha = self.weight.abs().mean((1, 2, 3), keepdim=True)
        return functional.conv2d(
            x, detached(self.weight) * alpha, None, self.stride, self.padding, 1, self.groups
        )


class IrLinear(nn.Linear):
    """IR-Net: balanced weights, a power of two as scale."""

    def forward(self, x):
        w = self.weight - self.weight.mean(1, keepdim=True)
        w = w / w.std(1, keepdim=True)
        scale = 2 ** torch.round(torch.log2(w.abs().mean(1)))
        return functional.linear(x, Ste.apply(w)) * scale


class Signed(nn.Module):
    def forward(self, w):
        return torch.where(w < 0, -1.0, 1.0)


class Mlp(nn.Module):
    def __init__(self, linear, sizes, act=Act, last=True):
        super().__init__()
        layers = []
        for rows, columns in pairwise(sizes):
            layers += [linear(rows, columns, bias=False), nn.BatchNorm1d(columns), act()]
        self.body = nn.Sequential(*(layers if last else layers[:-1]))
        self.head = nn.Linear(sizes[-1], 7) if last else nn.Identity()

    def forward(self, x):
        return self.head(self.body(x))


class Cnn(nn.Module):
    """Product, pool, norm, activation in a chosen order; real first and last layers."""

    def __init__(self, channels, width, size, conv=BinaryConv, order="cpba", act=Act, between=None):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.bn0 = nn.BatchNorm2d(width)
        self.conv = conv(width, 2 * width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(2 * width)
        self.pool = nn.MaxPool2d(2)
        self.between = between(2 * width) if between else nn.Identity()
        self.act, self.order = act(), order
        self.fc = BinaryLinear(2 * width * (size // 2) ** 2, 9)
        self.bn2 = nn.BatchNorm1d(9)
        self.head = nn.Linear(9, 5)

    def forward(self, x):
        x = self.act(self.bn0(self.stem(x)))
        steps = {"c": self.conv, "p": self.pool, "b": self.bn, "i": self.between, "a": self.act}
        for step in self.order:
            x = steps[step](x)
        return self.head(self.act(self.bn2(self.fc(torch.flatten(x, 1)))))


class BiReal(nn.Module):
    """Two binary convolutions, a real shortcut around each; the second halves the map."""

    def __init__(self, channels, width, size, sign=bireal):
        super().__init__()
        self.sign = sign
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn0 = nn.BatchNorm2d(width)
        self.c1 = ScaledConv(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.c2 = ScaledConv(width, 2 * width, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width)
        self.down = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(width, 2 * width, 1, bias=False))
        self.bn3 = nn.BatchNorm2d(2 * width)
        self.fc = nn.Linear(2 * width, 6)

    def forward(self, x):
        x = self.bn0(self.stem(x))
        x = functional.hardtanh(self.bn1(self.c1(self.sign(x))) + x)
        x = self.bn2(self.c2(self.sign(x))) + self.bn3(self.down(x))
        return self.fc(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class ResNet(nn.Module):
    """Parameter-free shortcut: every second pixel and channels of zeros."""

    def __init__(self, channels, width):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn0, self.bn1 = nn.BatchNorm2d(width), nn.BatchNorm2d(2 * width)
        self.conv = BinaryConv(width, 2 * width, 3, stride=2, padding=1, bias=False)
        self.width, self.fc = width, nn.Linear(2 * width, 4)

    def forward(self, x):
        x = functional.hardtanh(self.bn0(self.stem(x)))
        short = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.width // 2, self.width // 2))
        x = functional.relu(self.bn1(self.conv(Ste.apply(x))) + short)
        return self.fc(x.mean((2, 3)))


class ReAct(nn.Module):
    """Shifted signs and shifted PReLUs, learned per channel."""

    def __init__(self, channels, width):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn0, self.bn1 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.shift = nn.Parameter(torch.randn(1, width, 1, 1))
        self.moves = nn.Parameter(torch.randn(2, 1, width, 1, 1))
        self.conv = ScaledConv(width, width, 3, padding=1, bias=False)
        self.prelu, self.fc = nn.PReLU(width), nn.Linear(width, 4)

    def forward(self, x):
        x = self.bn0(self.stem(x))
        y = self.bn1(self.conv(bireal(x + self.shift))) + x
        y = self.prelu(y - self.moves[0]) + self.moves[1]
        return self.fc(functional.adaptive_avg_pool2d(y, (1, 1)).flatten(1))


class Speech(nn.Module):
    """One axis, {0, 2} activations as tanh(k x) + 1 ends in."""

    def __init__(self, width, length):
        super().__init__()
        self.c1 = nn.Conv1d(1, width, 5, padding=2)
        self.bn1, self.bn2 = nn.BatchNorm1d(width), nn.BatchNorm1d(width)
        self.c2 = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.pool, self.length = nn.MaxPool1d(2), length
        self.scale = nn.Parameter(torch.tensor(0.37))
        self.fc = nn.Linear(width, 5)

    def forward(self, x):
        x = SteSign.apply(self.bn1(self.pool(self.c1(x)))) + 1
        x = self.scale * functional.conv1d(x, SteSign.apply(self.c2.weight), padding=1)
        x = torch.tanh(self.bn2(self.pool(x)))
        return self.fc(functional.adaptive_avg_pool1d(x, 1).flatten(1))


class Depthwise(nn.Module):
    def __init__(self, channels, width, value):
        super().__init__()
        self.bn0, self.value = nn.BatchNorm2d(channels), value
        self.c1 = BinaryConv(channels, width * channels, 3, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(width * channels)
        self.c2 = BinaryConv(width * channels, 8, 1)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = functional.pad(Ste.apply(self.bn0(x)), (1, 1, 1, 1), value=self.value)
        x = 2.0 * (self.bn1(self.c1(x)) >= 0) - 1
        return self.fc(functional.leaky_relu(self.c2(x), 0.1).mean((-1, -2)))


class ChannelsLast(nn.Module):
    def __init__(self, channels, size):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(channels)
        self.c1 = BinaryConv(channels, 6, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.fc = BinaryLinear(6 * (size - 2) ** 2, 4, bias=False)
        self.gain, self.shift = nn.Parameter(torch.tensor(0.3)), nn.Parameter(torch.tensor(-0.8))

    def forward(self, x):
        x = Ste.apply(self.bn1(self.c1(Ste.apply(self.bn0(x)))))
        x = self.fc(x.permute(0, 2, 3, 1).reshape(x.shape[0], -1))
        return torch.log_softmax(x * self.gain + self.shift, 1)


class Direct(nn.Module):
    """Binary from the first layer on: what it is fed goes to an array."""

    def __init__(self, channels, width, size):
        super().__init__()
        self.c1 = BinaryConv(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.fc = BinaryLinear(width * size * size, 5, bias=False)
        self.bn2 = nn.BatchNorm1d(5)

    def forward(self, x):
        return self.bn2(self.fc(Ste.apply(self.bn1(self.c1(x))).flatten(1)))


def parametrised(rows, columns, bias):
    layer = nn.Linear(rows, columns, bias=bias)
    parametrize.register_parametrization(layer, "weight", Signed())
    return layer


def stored(rows, columns, bias):
    """Weights are -1 and +1 already, as some papers publish them."""
    layer = nn.Linear(rows, columns, bias=bias)
    layer.weight.data = torch.where(layer.weight.data >= 0, 1.0, -1.0)
    return layer


def trained(module, seed):
    """Give BatchNorm and PReLU the spread that training gives: gamma below and at 0 as well."""
    random = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            scale = part.num_features**0.5
            part.running_mean.copy_(torch.randn(part.num_features, generator=random) * scale / 4)
            part.running_var.copy_(torch.rand(part.num_features, generator=random) * scale + 0.1)
            part.weight.data = torch.randn(part.num_features, generator=random)
            part.bias.data = torch.randn(part.num_features, generator=random) / 2
            part.weight.data[:1] = 0
        if isinstance(part, nn.PReLU):
            part.weight.data = torch.rand(part.num_parameters, generator=random)
    return module.eval()


def quarter(width):
    return nn.Sequential(nn.PReLU(width), nn.Hardtanh(-2, 2))


STYLES = {
    "latent weights, autograd function": lambda c, w, s: Mlp(BinaryLinear, (c * s * s, 9 * w, 11)),
    "weights already -1 and +1": lambda c, w, s: Mlp(stored, (c * s * s, 9 * w, 11)),
    "parametrised weights": lambda c, w, s: Mlp(parametrised, (c * s * s, 9 * w, 11)),
    "IR-Net scales": lambda c, w, s: Mlp(IrLinear, (c * s * s, 9 * w, 11)),
    "0/1 activations": lambda c, w, s: Mlp(BinaryLinear, (c * s * s, 9 * w, 11), Heaviside),
    "binary last layer": lambda c, w, s: Mlp(BinaryLinear, (c * s * s, 9 * w, 6), last=False),
    "norm after pool": lambda c, w, s: Cnn(c, w, s, order="cpba"),
    "norm before pool": lambda c, w, s: Cnn(c, w, s, order="cbpa"),
    "pool on bits": lambda c, w, s: Cnn(c, w, s, order="cbap"),
    "PReLU and hardtanh between": lambda c, w, s: Cnn(c, w, s, order="cbipa", between=quarter),
    "filter scales": lambda c, w, s: Cnn(c, w, s, conv=ScaledConv),
    "Bi-Real": BiReal,
    "Bi-Real, detached": lambda c, w, s: BiReal(c, w, s, detached),
    "ResNet, zero channels": lambda c, w, s: ResNet(c, 2 * w),
    "ReActNet": lambda c, w, s: ReAct(c, w),
    "one axis, {0, 2} activations": lambda c, w, s: Speech(w, c * s * s),
    "depthwise, padded with +1": lambda c, w, s: Depthwise(c, w, 1.0),
    "depthwise, padded with 0": lambda c, w, s: Depthwise(c, w, 0.0),
    "channels last, scalar norm at the end": lambda c, w, s: ChannelsLast(c, s),
}
FLAT = [name for name, make in STYLES.items() if isinstance(make(1, 1, 4), Mlp)]
ON_ARRAYS = {  # products on arrays and products that stay digital
    "latent weights, autograd function": (1, 2),
    "0/1 activations": (1, 2),
    "norm after pool": (2, 2),
    "PReLU and hardtanh between": (2, 2),
    "Bi-Real": (2, 3),
    "one axis, {0, 2} activations": (1, 2),
    "depthwise, padded with 0": (2, 1),
    "channels last, scalar norm at the end": (2, 0),
}
