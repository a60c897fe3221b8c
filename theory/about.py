"""What every package says of itself: ``__version__``, read from what is installed when it is asked for."""


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"there is no {name!r} here")
    from importlib.metadata import version

    return version("phase-retrieval-theory")
