"""Lets Rasa 3.6 run without TensorFlow, which it imports but which nothing of ours uses.

Rasa's policies import a training helper that subclasses a Keras callback, so importing them loads TensorFlow: 15 of 23
seconds and 375 MB. :func:`install` answers those imports with modules whose attributes are empty classes, enough for
class statements and annotations. A component that really computes with TensorFlow (DIET, TED, ResponseSelector) gets
:class:`TensorFlowNeeded` on the first call, with the way out. See docs/decisions/0002-no-tensorflow.md.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_NAMES = ("tensorflow", "tensorflow_hub", "tensorflow_text", "tensorflow_addons", "keras")


#: What Rasa imports for its own channels, stores, brokers, trainable components and command line. None of it is used
#: where all components are ours, and together it takes a third of the remaining start-up and 80 MB.
_SPARED = frozenset({
    "aio_pika", "aiogram", "aiormq", "apscheduler", "boto3", "botocore", "confluent_kafka", "engineio", "fbmessenger",
    "matplotlib", "mattermostwrapper", "networkx", "prompt_toolkit", "pydot", "pymongo", "questionary",
    "rocketchat_API", "sanic", "sanic_cors", "sanic_jwt", "scipy", "sklearn", "sklearn_crfsuite", "slack_sdk",
    "socketio", "twilio", "webexteamssdk",
})


class TensorFlowNeeded(RuntimeError):
    """A component called TensorFlow, which is left out of this installation."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was called, but TensorFlow is not installed. Remove the component that needs it (DIET, TED, "
            "ResponseSelector, …) from config.yml, or install tensorflow 2.12 and run with FRONTDESK's stand-in off: "
            "see docs/decisions/0002-no-tensorflow.md"
        )


class _EmptyMeta(type):
    """Classes whose every attribute is a further empty class, so that ``tf.keras.layers.Layer`` can be subclassed."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _empty(f"{cls.__name__}.{name}")
        setattr(cls, name, made)
        return made

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # A class statement's own subclasses may be created freely by Python, but not called.
        if cls.__dict__.get("_stand_in"):
            # Decorators such as @tf.function are applied while modules load; they hand back what they decorate.
            if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
                return args[0]
            if cls.__name__.split(".")[0] in _SPARED:
                raise RuntimeError(f"{cls.__name__} was called, but serving leaves it out: see {__name__}.spared")
            raise TensorFlowNeeded(cls.__name__)
        return super().__call__(*args, **kwargs)

    def __or__(cls, other: Any) -> Any:
        return Any

    def __getitem__(cls, item: Any) -> Any:
        return cls


def _empty(name: str) -> Any:
    return _EmptyMeta(name, (), {"_stand_in": True})


class _Module(types.ModuleType):
    """A module that has whatever is asked of it."""

    __version__ = "0.0.0"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _empty(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: Collection[str] = _NAMES) -> None:
        self.names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        return None


def install() -> bool:
    """Puts the stand-in first on the import path; to be called before rasa is imported. Does nothing, and returns
    False, where the real TensorFlow is installed or was imported already."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return True
    if "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow") is not None:
        return False
    sys.meta_path.insert(0, _Finder())
    return True


@contextmanager
def spared() -> Iterator[None]:
    """Within it, importing Rasa does without the libraries of `_SPARED` as well.

    Rasa's modules keep empty stand-ins of them. Whoever imports one of them later, an action for example, gets the
    real one. Only for serving with components of our own: Rasa's compute with scipy and scikit-learn.
    """
    finder = _Finder(_SPARED - sys.modules.keys())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _Module)]:
            if name.split(".")[0] in finder.names:
                del sys.modules[name]
