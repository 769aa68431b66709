#!/usr/bin/env python
"""Django's command line; `script/manage` runs it in the project's environment."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError
    from psycopg.errors import UndefinedColumn, UndefinedTable

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as problem:
        if not isinstance(problem.__cause__, UndefinedColumn | UndefinedTable):
            raise
        said = str(problem).splitlines()[0]
        sys.exit(f"The database is not prepared for this version ({said}); run: script/manage migrate")


if __name__ == "__main__":
    main()
