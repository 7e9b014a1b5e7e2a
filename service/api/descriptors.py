"""How many connections the process's limit of open files leaves room for."""

from __future__ import annotations

import resource

OWN = 128
"""Files that a serving process itself may need: stores, snapshots, the spool, its loop."""


def room_for(connections: int) -> int:
    """How many connections may be held, at most `connections`; the process's limit is raised.

    A process without a free descriptor could not even say no: a quarter of them is always kept.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OWN
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections
    return min(connections, max(soft - OWN, soft // 4))
