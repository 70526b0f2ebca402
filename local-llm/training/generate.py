"""Writes `N` pairs of a marked sentence and its lines, from a seed: python generate.py N SEED > pairs.jsonl"""

import json
import pathlib
import sys

import steps
import wholes
from steps import Context, bridge, lending, stake, swap, transfer, wrap
from words import MARKER, Writer

JOIN = [" and ", " and ", " and ", " then ", ", then ", " and then ", ", and ", ", and then ", ". Then ", "; then ", ", after that ", " & ", " -> ", ", "]
NOT_AFTER_OPEN = ("I ", "on ", "over on ", "using ", "if ", "when", "once ", "as soon ", "every ", "each ", "in ")
OPEN = [""] * 16 + ["please ", "can you ", "could you ", "I want to ", "I'd like to ", "let's ", "hey, ", "ok, ", "go ahead and ", "now ", "I would like you to ", "pls ", "steward, "]
CLOSE = [""] * 14 + [".", ".", "!", " please", ", please", " thanks", " now", " asap", ", thank you", " for me"]
ACTIONS = [swap] * 8 + [transfer] * 6 + [lending] * 9 + [bridge] * 5 + [wrap] * 4 + [stake]


def follow(w, last, number):
    """The next clause's maker, given what the step before yields."""
    asset = last.yields
    options = [swap, swap, transfer, bridge]
    options += [lambda w, c: lending(w, c, "supply")] * 3 + [lambda w, c: lending(w, c, "repay")]
    if asset in ("ETH", "WETH", "stETH"):
        options.append(wrap)
    if asset == "ETH":
        options.append(lambda w, c: stake(w, c, "stake"))
    return w.pick(options), (number, asset)


def clauses(w, count, missing=None):
    """`count` clauses that lean on one another or not, and the chain said at the head of them all."""
    head = w.chain() if w.chance(0.18) else None
    first = Context(chain=head or "-", missing=missing)
    if not head and w.chance(0.6):
        first.says = w.chain()
    if missing == "unknown":
        maker = w.pick([swap, swap, transfer, lending, bridge])
    else:
        maker = w.pick([swap, swap, swap, bridge, bridge, wrap, lending, lending, lending, transfer] if count > 1 else ACTIONS)
    out, home = [maker(w, first)], head or "-"
    while len(out) < count:
        last = out[-1]
        if last.line.startswith("bridge"):
            home = last.chain
        cx = Context()
        if last.yields and w.chance(0.78):
            make, cx.ref = follow(w, last, len(out))
            cx.chain = last.chain
            lend = last.protocol if last.protocol in steps.LENDERS else None
            if last.chain != "-" and make is not bridge and w.chance(0.15):
                cx.place, cx.there = True, lend
            elif make is not bridge and not head and w.chance(0.12):
                cx.says = last.chain if last.chain != "-" else w.chain()
        elif last.line.startswith("supply") and last.chain != "-" and w.chance(0.75):
            out.append(against(w, last))
            continue
        else:
            make = w.pick(ACTIONS)
            cx.chain = home
            if last.chain != "-" and make is not bridge and w.chance(0.35):
                cx.place, cx.chain = True, last.chain
                cx.there = last.protocol if last.protocol in steps.LENDERS else None
            elif not head and w.chance(0.4):
                cx.says = w.chain()
        out.append(make(w, cx))
    return head, out


def against(w, last):
    """A loan on what was just supplied: the chain and the protocol are carried by "there" or "against it"."""
    asset, n = w.asset(), w.mark("#")
    text = w.pick(["borrow {n} {a} there", "borrow {n} {a} there", "borrow {n} {a} there", "borrow {n} {a} against it", "borrow {n} {a} against that", "there borrow {n} {a}", "take a loan of {n} {a} there",
                   "take out {n} {a} of debt there", "draw {n} {a} there", "use it as collateral to borrow {n} {a}", "borrow {n} {a} from there"]).format(n=n, a=w.say(asset))
    return steps.Clause(text, f"borrow {n} {asset} {last.chain} {last.protocol}", asset, last.chain, last.protocol)


def plan(w, count, missing=None):
    head, parts = clauses(w, count, missing)
    text = parts[0].text
    joins = [j for j in JOIN if j not in (", ",)] if count == 2 else JOIN
    for part in parts[1:]:
        text += w.pick(joins) + part.text
    if head:
        name = w.say(head)
        text = w.pick(["on {c}, {s}", "on {c}, {s}", "on {c} {s}", "on {c}: {s}", "{c}: {s}", "using {c}, {s}", "over on {c}, {s}"]).format(c=name, s=text)
    return text, "\n".join(p.line for p in parts)


def payees(w):
    """Several payees in one sentence."""
    a, b, n, name = w.mark("&"), w.mark("&"), w.mark("#"), w.asset()
    say = w.say(name)
    kind = w.rng.randrange(3)
    if kind == 0:
        m, other = w.mark("#"), w.asset(name)
        return w.pick(["send {n} {x} to {a} and {m} {y} to {b}", "pay {a} {n} {x} and {b} {m} {y}"]).format(n=n, x=say, a=a, b=b, m=m, y=w.say(other)), f"transfer {n} {name} {a} -\ntransfer {m} {other} {b} -"
    if kind == 1:
        return w.pick(["send {n} {x} each to {a} and {b}", "pay {a} and {b} {n} {x} each"]).format(n=n, x=say, a=a, b=b), f"transfer {n} {name} {a} -\ntransfer {n} {name} {b} -"
    return w.pick(["send {n} {x} to {a} and {b}", "send {n} {x} to {a} or {b}"]).format(n=n, x=say, a=a, b=b), f"transfer ? {name} {a} -\ntransfer ? {name} {b} -"


def triggered(w):
    text, lines = plan(w, w.pick([1, 1, 1, 2]))
    n, t, name = w.mark("#"), w.mark("~"), w.asset()
    a = w.say(name)
    kind = w.rng.random()
    if kind < 0.35:
        u, k = w.mark("~"), w.mark("#")
        tail, times, frm, until = w.pick([("", "-", "-", "-"), ("", "-", "-", "-"), (f", {k} times", k, "-", "-"), (f" for {u}", "-", "-", u), (f" until {u}", "-", "-", u), (f" starting {u}", "-", u, "-")])
        text = w.pick([f"every {t}, {text}{tail}", f"every {t} {text}{tail}", f"{text} every {t}{tail}", f"each {t} {text}{tail}"])
        return text, f"{lines}\nevery {t} {times} {frm} {until}"
    if kind < 0.55:
        return w.pick([f"{text} in {t}", f"{text} {t}", f"{text} at {t}", f"in {t} {text}", f"{t}, {text}"]), f"{lines}\nat {t}"
    ops = {"<": ["drops below", "falls under", "is under", "goes below", "is less than"], ">": ["rises above", "goes over", "is above", "is more than", "climbs past"],
           "<=": ["is at or below", "is {n} or lower"], ">=": ["is at or above", "is {n} or higher"], "crosses": ["hits", "reaches", "gets to"]}
    op = w.pick(["<", "<", ">", ">", "<=", ">=", "crosses"])
    says = w.pick(ops[op])
    says = says.format(n=n) if "{n}" in says else f"{says} {n}"
    metric, asset, subject = w.pick([("price", name, a), ("price", name, a), ("price", name, f"the price of {a}"), ("price", name, f"the {a} price"), ("health_factor", "-", "my health factor"), ("gas_price", "-", "gas"),
                                     ("apy", name, f"the apy on {a}"), ("balance", name, f"my {a} balance")])
    word, repeat = w.pick([("when", "once"), ("if", "once"), ("once", "once"), ("as soon as", "once"), ("whenever", "always"), ("every time", "always")])
    return w.pick([f"{word} {subject} {says}, {text}", f"{text} {word} {subject} {says}", f"{word} {subject} {says} {text}"]), f"{lines}\nwhen {metric} {asset} {op} {n} {repeat}"


def style(w, text, lines):
    """Register: openings, closings, capitals."""
    command = lines.split()[0] not in ("answer", "refuse", "control", "goal")
    if command and not MARKER.match(text) and not text.startswith(NOT_AFTER_OPEN) and ": " not in text:
        text = w.pick(OPEN) + text
    if not text.endswith(("?", ".", "!")):
        text += w.pick(CLOSE) if command else w.pick(["", "", "", "", ".", "?" if lines.startswith("answer") else "!"])
    case = w.rng.random()
    if case < 0.3:
        text = text[0].upper() + text[1:]
    elif case < 0.5:
        text = text.lower()
    elif case < 0.53:
        text = text.upper()
    return text


KINDS = [
    (46, lambda w: plan(w, 1)),
    (22, lambda w: plan(w, 2)),
    (6, lambda w: plan(w, 3)),
    (5, lambda w: plan(w, w.pick([1, 1, 1, 2]), w.pick(["amount", "amount", "amount", "asset", "unknown"]))),
    (3, lambda w: missing_part(w)),
    (11, wholes.ask),
    (2, wholes.refuse_scope),
    (2, wholes.refuse_rules),
    (2, wholes.control),
    (1, wholes.goal),
    (4, wholes.revoke),
    (5, wholes.rare),
    (6, triggered),
    (1, payees),
]


def missing_part(w):
    cx = Context(missing=None)
    if w.chance(0.4):
        cx.says = cx.chain = w.chain()
    cx.missing, maker = w.pick([("buy", swap), ("sell", swap), ("to", transfer), ("to", transfer), ("to", bridge)])
    clause = maker(w, cx)
    return clause.text, clause.line


def pairs(count, seed, held_out=()):
    """`count` different pairs, none of whose sentences (whatever their case) is held out."""
    w = Writer(seed)
    seen = {s.lower() for s in held_out}
    makers, weights = [k[1] for k in KINDS], [k[0] for k in KINDS]
    while count:
        (make,) = w.rng.choices(makers, weights)
        text, lines = make(w)
        text, lines = w.finish(style(w, text, lines), lines)
        if text.lower() not in seen:
            seen.add(text.lower())
            count -= 1
            yield text, lines


def evaluation():
    """The sentences written by hand, and their lines."""
    return [tuple(json.loads(row)) for row in (pathlib.Path(__file__).parent / "eval.jsonl").read_text().splitlines()]


if __name__ == "__main__":
    for pair in pairs(int(sys.argv[1]), int(sys.argv[2]), [s for s, _ in evaluation()]):
        print(json.dumps(pair, ensure_ascii=False))
