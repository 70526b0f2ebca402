//! Sentences as people type them, with the lines of a model that understood: none may come back as a question.

use crate::model::read;

#[test]
fn no_needless_question() {
    let mut asked = Vec::new();
    for (sentence, lines) in [
        ("Hey, can you please swap 1 ETH to USDC on Base for me?", "swap #1 ETH USDC sell base - -"),
        ("i want to lend 500 usdc on aave", "supply #1 USDC - aave"),
        ("put $200 of ETH to work on Aave", "supply #1 ETH - aave"),
        (
            "move 300 USDC from mainnet to Base, then supply all of it to Aave",
            "bridge #1 USDC ethereum base -\nsupply #2@1 USDC base aave",
        ),
        ("take 100 USDC out of aave and send it to alice", "withdraw #1 USDC - aave\ntransfer @1 USDC &1 -"),
        ("I owe 120 DAI on aave, settle it", "repay #1 DAI - aave"),
        ("pay alice 20 USDC on base", "transfer #1 USDC &1 base"),
        ("sell a quarter of my ETH for DAI, keep slippage under 0.5%", "swap #1 ETH DAI sell - - #2"),
        ("get me 1000 DAI using my USDC", "swap #1 USDC DAI buy - - -"),
        ("bridge everything in USDC from Base to Ethereum", "bridge #1 USDC base ethereum -"),
        ("withdraw my entire USDC deposit from Aave on Base", "withdraw #1 USDC base aave"),
        ("borrow 0.5 WETH against my USDC on aave", "borrow #1 WETH - aave"),
        ("use 2k USDC to buy ETH on uniswap", "swap #1 USDC ETH sell - uniswap -"),
        ("ape 3 ETH into USDC!!", "swap #1 ETH USDC sell - - -"),
        (
            "on base swap 0.5 ETH to USDC and supply that to aave",
            "swap #1 ETH USDC sell base - -\nsupply @1 USDC base aave",
        ),
        ("swap all but 0.1 of my ETH to USDC", "swap #1 ETH USDC sell - - -"),
        ("swap all my ETH except 0.1 to USDC", "swap #1 ETH USDC sell - - -"),
        ("WRAP 2 ETH ON BASE", "wrap #1 - base"),
        ("unwrap all my WETH", "unwrap #1 - -"),
        ("revoke the USDC allowance for uniswap", "revoke USDC uniswap -"),
        (
            "deposit 100 usdc into aave, borrow 0.01 weth there and send it to bob smith",
            "supply #1 USDC - aave\nborrow #2 WETH - aave\ntransfer @2 WETH &1 -",
        ),
        ("repay half of my DAI loan with aave on arbitrum", "repay #1 DAI arbitrum aave"),
        ("swap 1000 USDC for ETH on Uniswap v3 with max 1% slippage", "swap #1 USDC ETH sell - uniswap #2"),
        (
            "transfer 0.25 ether to 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045 on the ethereum network",
            "transfer #1 ETH &1 ethereum",
        ),
        (
            "swap 5 ETH for USDC then bridge the USDC to arbitrum via across",
            "swap #1 ETH USDC sell - - -\nbridge @1 USDC - arbitrum across",
        ),
        ("Turn 100 USDT into DAI", "swap #1 USDT DAI sell - - -"),
        ("stake one ETH with Lido please", "stake #1 ETH - lido"),
        ("wrap 0.5 eth", "wrap #1 - -"),
        (
            "swap 100 USDC to WETH on base and then borrow 10 DAI from aave on base",
            "swap #1 USDC WETH sell base - -\nborrow #2 DAI base aave",
        ),
        ("exchange 1,5 ETH against USDC", "swap #1 ETH USDC sell - - -"),
        ("Send 10 USDC to alice and 20 DAI to bob smith.", "transfer #1 USDC &1 -\ntransfer #2 DAI &2 -"),
        ("send 5 USDC to my friend alice", "transfer #1 USDC &1 -"),
        (
            "supply 1000 USDC to Aave on Base, and borrow 0.1 WETH there",
            "supply #1 USDC base aave\nborrow #2 WETH base aave",
        ),
        ("swap 10 ETH to USDC on ethereum", "swap #1 ETH USDC sell ethereum - -"),
        (
            "swap 1 ETH to USDC on base and lend it on aave",
            "swap #1 ETH USDC sell base - -\nsupply @1 USDC base aave",
        ),
        (
            "swap 1 ETH to USDC on base and lend it on aave",
            "swap #1 ETH USDC sell base - -\nsupply @1 USDC - aave",
        ),
        (
            "buy ETH with 100 USDC every Friday until December 31",
            "swap #1 USDC ETH sell - - -\nevery ~1 - - ~2",
        ),
        (
            "sell 1 ETH to USDC if it goes above $4,000 on uniswap",
            "swap #1 ETH USDC sell - uniswap -\nwhen price ETH > #2 once",
        ),
    ] {
        let outcome = read(sentence, lines);
        if outcome["outcome"] != "plan" {
            asked.push(format!("{sentence}\n    {outcome}"));
        }
    }
    assert!(asked.is_empty(), "{}", asked.join("\n"));
}
