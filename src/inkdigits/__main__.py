"""`python -m inkdigits` is the same as the command `inkdigits`."""

from inkdigits.cli import main

if __name__ == "__main__":
    main()
