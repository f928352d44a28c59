"""Entry of `python -m app`."""

from app.shell import main

if __name__ == "__main__":
    main()
