"""Clauses: one action each, in many structures, with the line that each means."""

from dataclasses import dataclass

from words import BRIDGES, DEXES, LENDERS, STAKERS, UNKNOWN


@dataclass
class Clause:
    text: str
    line: str
    yields: str | None  # the asset that `@n` of this step would be
    chain: str  # where the money is afterwards, or "-"
    protocol: str = "-"


@dataclass
class Context:
    """What a clause inherits and what it may say itself."""

    chain: str = "-"  # carried from before: said already
    says: str | None = None  # a chain that this clause has to name
    ref: tuple | None = None  # (step number, asset) that "it" means
    there: str | None = None  # a protocol carried by "there"
    place: bool = False  # say "there"
    missing: str | None = None  # "amount" or "asset": leave it out


REFS = ["it", "it", "it", "it", "that", "the {a}", "the proceeds", "what I get", "the result", "what comes out", "them", "the output", ""]  # "": "swap … and lend on aave"
HOLD = ["{n} {a}"] * 8 + ["{n} my {a}", "{n} of my {a}", "{n} of {a}", "{n} worth of {a}", "{n} of the {a} I have", "{n} in {a}"]
VAGUE = ["my {a}", "{a}", "some {a}", "some of my {a}", "the {a}", "a bit of {a}"]


def quantity(w, cx, asset):
    """(words, AMT, ASSET) of what an action is about."""
    if cx.ref:
        n, asset = cx.ref
        ref = w.pick(REFS).format(a=w.say(asset))
        if ref and w.chance(0.15):
            share = w.mark("#")
            return w.pick([f"{share} of {ref}", f"{share} of {ref}", share]), f"{share}@{n}", asset
        return ref, f"@{n}", asset
    if cx.missing == "amount":
        return w.pick(VAGUE).format(a=w.say(asset)), "?", asset
    n = w.mark("#")
    if cx.missing == "asset":
        return n, n, "?"
    if cx.missing == "unknown":
        return f"{n} {w.pick(UNKNOWN)}", n, "?"
    return w.pick(HOLD).format(n=n, a=w.say(asset)), n, asset


def where(w, cx):
    """(words, CHAIN) of the chain that a clause names or inherits."""
    if cx.says:
        return w.pick([" on {}", " on {}", " on {}", " over on {}", " ({})"]).format(w.say(cx.says)), cx.says
    if cx.place:
        return w.pick([" there", " there", " over there", " on that chain"]), cx.chain
    return "", cx.chain


def swap(w, cx):
    a = cx.ref[1] if cx.ref else w.asset()
    unlike = {"ETH": ("ETH", "WETH"), "WETH": ("WETH", "ETH")}.get(a, (a,))
    b = w.asset(*unlike)
    on, chain = where(w, cx)
    protocol, via = "-", ""
    if w.chance(0.2):
        protocol = w.pick(DEXES)
        via = w.pick([" on ", " via ", " through ", " using ", " with "]) + w.say(protocol)
    slip, limit = "-", ""
    if w.chance(0.08):
        slip = w.mark("#")
        limit = w.pick([" with {} slippage", ", slippage at most {}", " with max slippage {}", " (slippage {})", " with no more than {} slippage"]).format(slip)
    buy = b
    if cx.missing == "buy":
        q, n, a = quantity(w, Context(), a)
        text = w.pick(["swap {q}{on}{via}", "sell {q}{on}", "trade {q}{on}", "sell {q} for me{on}"]).format(q=q, on=on, via=via if w.chance(0.5) else "")
        protocol = protocol if via and via in text else "-"
        return Clause(text, f"swap {n} {a} ? sell {chain} {protocol} -", None, chain)
    if cx.missing == "sell":
        n = w.mark("#")
        text = w.pick(["buy {n} {b}{on}", "get me {n} {b}{on}", "I want to buy {n} {b}{on}", "purchase {n} {b}{on}"]).format(n=n, b=w.say(b), on=on)
        return Clause(text, f"swap {n} ? {b} buy {chain} - -", b, chain)
    if not cx.ref and not cx.missing and w.chance(0.06):  # dollars: an amount of what is sold
        n, known = w.mark("#"), w.chance(0.75)
        text = w.pick(["buy {n} of {b}{w}{on}{via}", "buy {n} worth of {b}{on}{w}{via}", "get me {n} of {b}{w}{on}{via}", "buy {n} in {b}{w}{on}{via}"])
        text = text.format(n=n, b=w.say(b), on=on, via=via, w=w.pick([" with {}", " with my {}", " for {}", " using {}"]).format(w.say(a)) if known else "")
        return Clause(text + limit, f"swap {n} {a if known else '?'} {b} sell {chain} {protocol} {slip}", b, chain)
    if not cx.ref and not cx.missing and w.chance(0.17):
        n = w.mark("#")
        text = w.pick([
            "buy {n} {b} with {a}{on}{via}", "buy {n} {b}{on} with my {a}{via}", "get me {n} {b} for {a}{on}{via}", "swap {a} for {n} {b}{on}{via}",
            "swap my {a} for exactly {n} {b}{on}{via}", "I need {n} {b}{on}, pay with {a}{via}", "purchase {n} {b} using {a}{on}{via}",
            "sell enough {a} to end up with {n} {b}{on}{via}", "with my {a} buy {n} {b}{on}{via}", "trade {a} to get {n} {b}{via}{on}", "buy {n} {b}{on} and pay in {a}{via}",
        ]).format(n=n, a=w.say(a), b=w.say(b), on=on, via=via)
        return Clause(text + limit, f"swap {n} {a} {b} buy {chain} {protocol} {slip}", b, chain)
    if cx.missing == "unknown" and w.chance(0.5):
        q, n, a = quantity(w, Context(), a)
        buy, say_b = "?", w.pick(UNKNOWN)
    else:
        q, n, a = quantity(w, cx, a)
        say_b = w.say(b)
    text = w.pick([
        "swap {q} to {b}{via}{on}", "swap {q} to {b}{on}{via}", "swap {q}{on} to {b}{via}", "swap {q} for {b}{on}{via}", "swap {q} into {b}{via}{on}", "swap {q}{on} for {b}{via}",
        "exchange {q} for {b}{via}{on}", "convert {q} to {b}{on}{via}", "convert {q}{on} into {b}{via}", "trade {q} for {b}{on}{via}", "sell {q} for {b}{on}{via}", "sell {q}{on} for {b}{via}",
        "turn {q} into {b}{on}{via}", "change {q} to {b}{via}{on}", "flip {q} into {b}{on}{via}", "buy {b} with {q}{on}{via}", "buy {b} for {q}{on}{via}", "use {q} to buy {b}{on}{via}",
        "get {b} for {q}{on}{via}", "{q} to {b}{on}{via}", "{q} into {b}{via}{on}", "swap {q} {b}{on}{via}", "rotate {q} into {b}{on}{via}", "move {q} into {b}{on}{via}",
    ] if not cx.ref else [
        "swap {q} to {b}{on}{via}", "swap {q} for {b}{on}{via}", "swap {q} into {b}{on}{via}", "convert {q} to {b}{on}{via}", "trade {q} for {b}{on}{via}", "turn {q} into {b}{on}{via}",
        "sell {q} for {b}{on}{via}", "buy {b} with {q}{on}{via}", "exchange {q} for {b}{on}{via}", "use {q} to buy {b}{on}{via}", "change {q} to {b}{on}{via}",
    ]).format(q=q, b=say_b, on=on, via=via)
    return Clause(text + limit, f"swap {n} {a} {buy} sell {chain} {protocol} {slip}", b, chain)


def wrap(w, cx, verb=None):
    verb = verb or w.pick(["wrap", "unwrap"])
    if cx.ref:
        verb = "wrap" if cx.ref[1] in ("ETH", "stETH") else "unwrap"
    plain, wrapped = ("stETH", "wstETH") if not cx.ref and w.chance(0.12) or cx.ref and cx.ref[1].endswith("stETH") else ("ETH", "WETH")
    a, b = (plain, wrapped) if verb == "wrap" else (wrapped, plain)
    on, chain = where(w, cx)
    asset = "-" if plain == "ETH" else "stETH"
    said = plain if verb == "unwrap" and w.chance(0.2) else a
    q, n, _ = quantity(w, cx, said)
    forms = ["{v} {q}{on}"] * 4 + ["{v} {q} for me{on}"]
    if said == a:
        forms += ["{v} {q} to {b}{on}", "{v} {q}{on} into {b}", "convert {q} to {b}{on}", "swap {q} to {b}{on}", "turn {q} into {b}{on}", "swap {q} for {b}{on}"]
    text = w.pick(forms).format(v=verb, q=q, b=w.say(b), on=on)
    return Clause(text, f"{verb} {n} {asset} {chain}", b, chain)


LENDING = {
    "supply": (["supply {q}{at}", "supply {q}{at}", "lend {q}{at}", "lend {q}{at}", "deposit {q}{at}", "lend out {q}{at}", "put {q} to work{at}", "provide {q}{at}", "earn interest on {q}{at}"],
               ["put {q}{at}", "park {q}{at}", "stick {q}{at}", "place {q}{at}", "add {q}{at}"], [" to {}", " on {}", " into {}", " in {}", " with {}"]),
    "withdraw": (["withdraw {q}{at}", "withdraw {q}{at}", "take out {q}{at}", "take {q} out{at}", "pull {q}{at}", "redeem {q}{at}", "get {q} back{at}", "remove {q}{at}"], [],
                 [" from {}", " from {}", " out of {}", " from my {} deposit"]),
    "borrow": (["borrow {q}{at}", "borrow {q}{at}", "take a loan of {q}{at}", "take out a {q} loan{at}", "get a loan of {q}{at}", "draw {q} of debt{at}", "I want to borrow {q}{at}"], [],
               [" from {}", " on {}", " at {}", " against my {} collateral"]),
    "repay": (["repay {q}{at}", "repay {q}{at}", "pay back {q}{at}", "pay down {q} of debt{at}", "pay off {q}{at}", "settle {q} of debt{at}", "I owe {q}{at}, settle it", "return {q} that I borrowed{at}",
               "repay {q} debt{at}", "clear {q} of what I owe{at}"], [], [" to {}", " on {}", " at {}", " of my {} loan", " on my {} loan"]),
}


def lending(w, cx, action=None):
    action = action or w.pick(list(LENDING))
    asset = cx.ref[1] if cx.ref else w.asset()
    q, n, asset = quantity(w, cx, asset)
    on, chain = where(w, cx)
    forms, only_with_protocol, preps = LENDING[action]
    protocol, at = "-", ""
    if cx.there and cx.place:
        protocol = cx.there
    elif w.chance(0.8):
        protocol = w.pick(LENDERS)
        at = w.pick(preps).format(w.say(protocol))
        forms = forms + only_with_protocol
        if action == "repay" and not cx.ref and w.chance(0.15):
            forms, at = ["repay my {p} loan with {q}{at}", "pay {q} off my {p} debt{at}"], ""
    at = at + on if w.chance(0.85) else on + at
    text = w.pick(forms).format(q=q, at=at, p=w.say(protocol))
    if cx.ref and text.endswith(", settle it"):
        text = f"repay {q}{at}"
    return Clause(text, f"{action} {n} {asset} {chain} {protocol}", asset if action in ("withdraw", "borrow") else None, chain, protocol)


def transfer(w, cx):
    asset = cx.ref[1] if cx.ref else w.asset()
    q, n, asset = quantity(w, cx, asset)
    on, chain = where(w, cx)
    if cx.missing == "to":
        text = w.pick(["send {q}{on}", "transfer {q}{on}", "pay {q}{on}", "pay out {q}{on}", "make a payment of {q}{on}", "send {q} to my friend{on}", "send {q} to someone{on}"])
        return Clause(text.format(q=q, on=on), f"transfer {n} {asset} ? {chain}", None, chain)
    to = w.mark("&")
    text = w.pick([
        "send {q} to {to}{on}", "send {q} to {to}{on}", "send {q} to {to}{on}", "send {q}{on} to {to}", "send {to} {q}{on}", "transfer {q} to {to}{on}", "transfer {q}{on} to {to}", "pay {to} {q}{on}",
        "pay {q} to {to}{on}", "give {to} {q}{on}", "give {q} to {to}{on}", "wire {q} to {to}{on}", "move {q} to {to}{on}", "forward {q} to {to}{on}", "send over {q} to {to}{on}",
    ] + ([] if cx.ref else ["{to} gets {q}{on}", "I owe {to} {q}, pay it{on}", "{q} to {to}{on}", "tip {to} {q}{on}", "make a payment of {q} to {to}{on}"])).format(q=q, to=to, on=on)
    return Clause(text, f"transfer {n} {asset} {to} {chain}", None, chain)


def bridge(w, cx):
    asset = cx.ref[1] if cx.ref else w.asset()
    q, n, asset = quantity(w, cx, asset)
    source = cx.says or cx.chain
    to = w.chain(source)
    protocol, via = "-", ""
    if w.chance(0.15):
        protocol = w.pick(BRIDGES)
        via = w.pick([" with ", " via ", " using ", " through "]) + w.say(protocol)
    if cx.missing == "to":
        frm = f" from {w.say(cx.says)}" if cx.says else ""
        return Clause(w.pick(["bridge {q}{f}{v}", "bridge {q}{f}{v}", "move {q} to another chain{f}{v}"]).format(q=q, f=frm, v=via), f"bridge {n} {asset} {source} ? {protocol}", asset, "-")
    text = w.pick([
        "bridge {q} from {f} to {t}{v}", "bridge {q} from {f} to {t}{v}", "bridge {q}{v} from {f} to {t}", "move {q} from {f} to {t}{v}", "send {q} from {f} to {t}{v}", "bring {q} from {f} over to {t}{v}",
        "transfer {q} from {f} to {t}{v}", "bridge {q} on {f} to {t}{v}", "take {q} from {f} to {t}{v}", "bridge {q} {f} -> {t}{v}", "bridge {q} to {t} from {f}{v}", "get {q} from {f} onto {t}{v}",
    ] if cx.says else [
        "bridge {q} to {t}{v}", "bridge {q} to {t}{v}", "bridge {q} over to {t}{v}", "move {q} to {t}{v}", "send {q} over to {t}{v}", "bring {q} to {t}{v}", "bridge {q}{v} to {t}", "get {q} onto {t}{v}",
    ]).format(q=q, f=w.say(cx.says), t=w.say(to), v=via)
    return Clause(text, f"bridge {n} {asset} {source} {to} {protocol}", asset, to)


def stake(w, cx, verb=None):
    verb = verb or w.pick(["stake", "stake", "unstake"])
    asset = cx.ref[1] if cx.ref else w.pick(["ETH", "ETH", "ETH", "LINK", "AAVE"] if verb == "stake" else ["stETH", "stETH", "rETH", "wstETH"])
    q, n, asset = quantity(w, cx, asset)
    on, chain = where(w, cx)
    protocol, at = "-", ""
    if w.chance(0.7):
        protocol = w.pick(STAKERS)
        at = w.pick([" with {}", " on {}", " through {}", " at {}"] if verb == "stake" else [" from {}", " at {}", " with {}"]).format(w.say(protocol))
    return Clause(f"{verb} {q}{at}{on}", f"{verb} {n} {asset} {chain} {protocol}", None, chain, protocol)
