"""The application as granian's workers load it: folder and memory key come from the parent's environment."""

import os
from pathlib import Path

from poruch.front.server import FOLDER, KEY, make_wsgi
from poruch.front.silence import hush

hush()
application = make_wsgi(Path(os.environ[FOLDER]), key=bytes.fromhex(os.environ[KEY]))
