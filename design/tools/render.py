"""Renders jobs with Jinja2: one JSON object {template, macro, params} or {source, context} a line in, one JSON string a line out."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "packages" / "pip"))
from bulwark_ds import environment  # noqa: E402

env = environment(HERE.parent, root=HERE.parent / "components")
for line in sys.stdin:
    job = json.loads(line)
    macro = job.get("macro")
    source = job.get("source") or (
        '{%% from "%s" import %s %%}{{ %s(params) }}' % (job["template"], macro, macro)
    )
    try:
        out = env.from_string(source).render(job.get("context") or {"params": job.get("params")})
    except Exception as error:  # the caller shows it beside the other engines' answers
        out = f"!! {type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(out, ensure_ascii=False) + "\n")
