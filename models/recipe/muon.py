"""Muon for the matrices inside the layers: momentum, orthogonalised by Newton-Schulz steps (Jordan et al., 2024)."""

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalized(update: Tensor, steps: int) -> Tensor:
    """The nearest semi-orthogonal matrices to a stack (count, rows, columns)."""
    a, b, c = _COEFFICIENTS
    tall = update.shape[-2] > update.shape[-1]
    x = update.mT if tall else update
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For groups of 2-D parameters."""

    def __init__(self, groups: list[dict], lr: float = 0.02, momentum: float = 0.95, steps: int = 4):
        super().__init__(groups, {"lr": lr, "momentum": momentum, "steps": steps})

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter; matrices of one shape are orthogonalised together."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                by_shape.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                updates = torch.stack([self._momentum(p, group["momentum"]) for p in parameters])
                turned = orthogonalized(updates, group["steps"])
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(parameters, turned, strict=True):
                    parameter.add_(update, alpha=-scale)

    def _momentum(self, parameter: Tensor, beta: float) -> Tensor:
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        velocity = state["velocity"].lerp_(parameter.grad, 1 - beta)
        return parameter.grad.lerp(velocity, beta)
