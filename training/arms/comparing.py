"""Where the paper's networks start: units that compare what a shopper clicked with what is shown.

From small random weights a network of x = [e_u ; e_q ; e_v] does not find out, from as few clicks
as there are, that likeness of e_u and e_v matters. The equations stay; only their start is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS_A_PAIR: Final = 4  # relu(u + v), relu(-u - v), relu(u - v), relu(v - u)
_SMALL: Final = 0.1  # of what chance drew, for all other weights


def compare(network: Any, groups: Sequence[int]) -> None:
    """Let two units of h2 say how alike each of `groups` is to the thing shown, and how unlike.

    sum_d |u_d + v_d| - |u_d - v_d| = 2 sum_d sign(u_d v_d) min(|u_d|, |v_d|)
    """
    dim = network.config.dim
    eye = np.eye(dim)
    of_context = _SMALL * np.asarray(network.from_context.kernel)
    of_thing = _SMALL * np.asarray(network.from_thing.kernel)
    second = _SMALL * np.asarray(network.second.kernel)
    for number, group in enumerate(groups):
        units = slice(number * UNITS_A_PAIR * dim, (number + 1) * UNITS_A_PAIR * dim)
        of_context[group * dim : (group + 1) * dim, units] = np.hstack([eye, -eye, eye, -eye])
        of_thing[:, units] = np.hstack([eye, -eye, -eye, eye])
        likeness = np.repeat([1.0, 1.0, -1.0, -1.0], dim) / dim**0.5
        second[units, 2 * number] = likeness
        second[units, 2 * number + 1] = -likeness
    network.from_context.kernel.assign(of_context)
    network.from_thing.kernel.assign(of_thing)
    network.second.kernel.assign(second)
