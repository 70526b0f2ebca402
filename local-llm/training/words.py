"""What sentences are made of: symbols, the ways people write them, and the markers that stand for values."""

import random
import re

ASSETS = {
    "ETH": ["ETH", "ETH", "eth", "ether", "Eth"],
    "USDC": ["USDC", "USDC", "usdc", "Usdc"],
    "DAI": ["DAI", "DAI", "dai"],
    "WETH": ["WETH", "weth", "wrapped ether"],
    "USDT": ["USDT", "usdt", "tether", "Tether"],
    "WBTC": ["WBTC", "wbtc", "wrapped bitcoin"],
    "wstETH": ["wstETH", "wsteth"],
    "stETH": ["stETH", "steth"],
    "LINK": ["LINK", "link"],
    "UNI": ["UNI", "uni"],
    "AAVE": ["AAVE"],
    "ARB": ["ARB"],
    "OP": ["OP"],
    "cbETH": ["cbETH", "cbeth"],
    "rETH": ["rETH", "reth"],
    "CRV": ["CRV", "crv"],
    "COMP": ["COMP"],
    "GHO": ["GHO", "gho"],
    "LDO": ["LDO", "ldo"],
    "cbBTC": ["cbBTC", "cbbtc"],
}
WEIGHTS = [30, 30, 14, 10, 8, 6, 4, 4, 4, 3, 2, 2, 2, 3, 2, 2, 1, 2, 1, 2]
UNKNOWN = ["FOO", "ZORP", "MOONX", "BLORB", "shibazilla", "QUX", "wobble", "XYZ", "KRILL", "catcoin", "GLORP", "BANANA"]

CHAINS = {
    "ethereum": ["ethereum", "ethereum", "Ethereum", "mainnet", "L1"],
    "base": ["base", "base", "Base", "Base"],
    "arbitrum": ["arbitrum", "Arbitrum", "arb", "Arbitrum One"],
    "optimism": ["optimism", "Optimism", "OP mainnet", "op"],
}
CHAIN_WEIGHTS = [9, 10, 4, 4]

PROTOCOLS = {
    "uniswap": ["uniswap", "Uniswap", "Uniswap V3"],
    "curve": ["curve", "Curve"],
    "balancer": ["balancer", "Balancer"],
    "aerodrome": ["aerodrome", "Aerodrome"],
    "aave": ["aave", "aave", "Aave", "Aave V3"],
    "compound": ["compound", "Compound"],
    "morpho": ["morpho", "Morpho"],
    "across": ["across", "Across"],
    "stargate": ["stargate", "Stargate"],
    "lido": ["lido", "Lido"],
    "rocketpool": ["rocketpool", "Rocket Pool"],
}
DEXES = ["uniswap", "uniswap", "uniswap", "curve", "balancer", "aerodrome"]
LENDERS = ["aave", "aave", "aave", "aave", "compound", "morpho"]
BRIDGES = ["across", "across", "stargate"]
STAKERS = ["lido", "lido", "rocketpool"]

# One private-use character per marker while a sentence is being built: they are numbered when it is finished.
KINDS = {"#": 0xE000, "&": 0xE100, "~": 0xE200}
MARKER = re.compile("[\ue000-\ue2ff]")


class Writer:
    """A seeded source of choices, and of the markers of one sentence."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.used = 0

    def pick(self, items):
        return self.rng.choice(items)

    def chance(self, p):
        return self.rng.random() < p

    def mark(self, kind):
        self.used += 1
        return chr(KINDS[kind] + self.used)

    def asset(self, *but):
        while True:
            (name,) = self.rng.choices(list(ASSETS), WEIGHTS)
            if name not in but:
                return name

    def chain(self, *but):
        while True:
            (name,) = self.rng.choices(list(CHAINS), CHAIN_WEIGHTS)
            if name not in but:
                return name

    def say(self, name):
        """How a person may write a symbol, a chain or a protocol."""
        for table in (ASSETS, CHAINS, PROTOCOLS):
            if name in table:
                return self.pick(table[name])
        return name

    def finish(self, text, lines):
        """Number the markers in their order in the text, per kind, and write the same numbers into the lines."""
        counts, names = dict.fromkeys(KINDS, 0), {}
        for mark in MARKER.findall(text):
            if mark not in names:
                kind = next(k for k, start in KINDS.items() if start <= ord(mark) < start + 0x100)
                counts[kind] += 1
                names[mark] = f"{kind}{counts[kind]}"
        self.used = 0
        text = re.sub(r"\s+", " ", text).strip()
        return tuple(MARKER.sub(lambda m: names[m.group()], part) for part in (text, lines))
