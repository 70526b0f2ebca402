-- Types that SQLite and Postgres share: TEXT (hashes, addresses and bytes as hex, amounts as decimals) and BIGINT.

-- One hash chain per agent; its head is moved in the transaction that adds the row.
CREATE TABLE chains (
    agent      TEXT   NOT NULL PRIMARY KEY,
    belongs_to TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    hash       TEXT   NOT NULL
);

-- `effects`: what the row did to the budgets, hashed with it.
CREATE TABLE entries (
    agent   TEXT   NOT NULL REFERENCES chains (agent),
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    plan_id TEXT,
    kind    TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    effects TEXT   NOT NULL,
    prev    TEXT   NOT NULL,
    hash    TEXT   NOT NULL,
    PRIMARY KEY (agent, seq)
);
CREATE INDEX entries_by_plan ON entries (agent, plan_id, seq);
CREATE INDEX entries_by_kind ON entries (agent, kind, seq);

-- One row per (network, sender, nonce), whoever the agent is: it fences two agents with one key.
CREATE TABLE claims (
    network TEXT   NOT NULL,
    sender  TEXT   NOT NULL,
    nonce   BIGINT NOT NULL,
    agent   TEXT   NOT NULL,
    plan_id TEXT   NOT NULL,
    step    BIGINT NOT NULL,
    PRIMARY KEY (network, sender, nonce)
);

-- Signed bytes under their claim, and the row that wrote them. Never exported.
CREATE TABLE attempts (
    network TEXT   NOT NULL,
    sender  TEXT   NOT NULL,
    nonce   BIGINT NOT NULL,
    tx_hash TEXT   NOT NULL,
    raw     TEXT   NOT NULL,
    agent   TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (network, sender, nonce, tx_hash),
    FOREIGN KEY (network, sender, nonce) REFERENCES claims (network, sender, nonce),
    FOREIGN KEY (agent, seq) REFERENCES entries (agent, seq)
);

-- `micro_usd` is a decimal: sums are made outside of SQL, whose integers are too small for them.
CREATE TABLE budgets (
    agent     TEXT   NOT NULL,
    plan_id   TEXT   NOT NULL,
    step      BIGINT NOT NULL,
    budget    TEXT   NOT NULL,
    micro_usd TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
    PRIMARY KEY (agent, plan_id, step, budget)
);
CREATE INDEX budgets_by_time ON budgets (agent, budget, at);

CREATE TABLE requests (
    agent      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    plan_id    TEXT NOT NULL,
    PRIMARY KEY (agent, request_id)
);
