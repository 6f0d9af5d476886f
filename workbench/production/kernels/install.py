"""Kernelspecs on disk: what makes the forked kernel a choice in JupyterLab and for papermill."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError, suggest
from workbench.production.kernels.names import found
from workbench.production.kernels.spec import GROUP, KERNEL, PROVISIONER, kernelspec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Installed", "install", "installed", "registered", "remove"]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A kernelspec of ours.

    Parameters
    ----------
    name
        What papermill's ``-k`` takes.
    label
        The name for people.
    folder
        Where it is.
    python
        The interpreter of its kernels.
    preload
        What its server loads.
    """

    name: str
    label: str
    folder: str
    python: str
    preload: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**asdict(self), "preload": list(self.preload)}


def install(
    *,
    name: str = KERNEL,
    preload: Sequence[str] = (),
    user: bool = False,
    prefix: Path | None = None,
) -> Installed:
    """Install a kernelspec; one of the same name is replaced, if it is ours.

    Parameters
    ----------
    name
        Letters, digits, dots, hyphens and underscores.
    preload
        What its server loads once for all kernels.
    user
        In the home folder, for every environment of this user.
    prefix
        In another environment; by default in this one.

    Raises
    ------
    ParameterError
        When the name cannot be one, or is another kernel's; when there is no such module.
    ModelError
        When something must not be preloaded, or there is no such voice.
    StorageError
        When the folder cannot be written.
    """
    from jupyter_client.kernelspec import KernelSpecManager, _is_valid_kernel_name

    if not _is_valid_kernel_name(name):
        raise ParameterError(
            "cannot be the name of a kernel", subject=name, cure="use letters, digits and . - _"
        )
    names = found(preload)
    label = "Python (workbench)" if name == KERNEL else f"Python (workbench: {name})"
    spec = kernelspec(names, label=label)
    manager = KernelSpecManager()
    there = _folders(prefix).get(name.lower())
    if there is not None and _ours(name.lower(), Path(there)) is None:
        raise ParameterError(
            "is another kernel already", subject=name, cure="choose another --name"
        )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        where = None if user else str(prefix or sys.prefix)
        try:
            made = manager.install_kernel_spec(folder, name, user=user, prefix=where)
        except OSError as error:
            raise storage_error(error, Path(where or "~")) from error
    one = _ours(name.lower(), Path(made))
    assert one is not None  # noqa: S101 - it has just been written
    return one


def installed(prefix: Path | None = None) -> tuple[Installed, ...]:
    """Return the kernelspecs of ours that Jupyter finds, sorted by name.

    Parameters
    ----------
    prefix
        Those in another environment; by default those that this one's Jupyter finds.
    """
    rows = (_ours(name, Path(folder)) for name, folder in sorted(_folders(prefix).items()))
    return tuple(one for one in rows if one is not None)


def _folders(prefix: Path | None) -> dict[str, str]:
    from jupyter_client.kernelspec import KernelSpecManager

    if prefix is None:
        return dict(KernelSpecManager().find_kernel_specs())
    place = prefix / "share" / "jupyter" / "kernels"
    # Nor this environment's own, which Jupyter always adds.
    manager = KernelSpecManager(kernel_dirs=[str(place)], ensure_native_kernel=False)
    return dict(manager.find_kernel_specs())


def remove(name: str, prefix: Path | None = None) -> Installed:
    """Remove a kernelspec of ours; its servers go on until nobody needs them.

    Parameters
    ----------
    name
        The kernel.
    prefix
        The environment it is in; by default this one's Jupyter looks for it.

    Raises
    ------
    ParameterError
        When there is none of that name, or it is another kernel's.
    StorageError
        When it cannot be removed.
    """
    import shutil

    there = {one.name: one for one in installed(prefix)}
    one = there.get(name.lower())
    if one is None:
        raise ParameterError(
            "is no kernel of workbench",
            subject=name,
            cure=suggest(name, there) or "see: workbench kernels list",
        )
    try:
        shutil.rmtree(one.folder)
    except OSError as error:
        raise storage_error(error, Path(one.folder)) from error
    return one


def registered() -> bool:
    """Whether Jupyter knows the provisioner: a package installed before it had one does not."""
    return bool(entry_points(group=GROUP, name=PROVISIONER))


def _ours(name: str, folder: Path) -> Installed | None:
    try:
        spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
        way = spec["metadata"]["kernel_provisioner"]
        if way["provisioner_name"] != PROVISIONER:
            return None
        return Installed(
            name=name,
            label=str(spec["display_name"]),
            folder=str(folder),
            python=str(spec["argv"][0]),
            preload=tuple(map(str, way.get("config", {}).get("preload", ()))),
        )
    except (OSError, ValueError, LookupError, TypeError):  # whatever it is, it is not ours
        return None
