"""``python -m theory.symbolic.generate FILE``: the committed functions of phase retrieval, to .py or .js."""

import argparse

from theory.symbolic.codegen import write_module
from theory.symbolic.models import phase_retrieval


def main() -> None:
    """Write the functions of phase retrieval to the path on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", help="file to write, .py or .js")
    write_module(phase_retrieval(), parser.parse_args().path)


if __name__ == "__main__":
    main()
