"""Progress as a bar on standard error, where somebody looks at it."""

import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm


class Bar:
    def __init__(self) -> None:
        self.shown: tqdm | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.shown is not None:
            self.shown.close()

    def begin(self, label: str, total: int) -> None:
        if self.shown is not None:
            self.shown.close()
        self.shown = tqdm(
            desc=label, total=total or None, unit="", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr
        )

    def step(self, count: int) -> None:
        if self.shown is not None:
            self.shown.update(count)
