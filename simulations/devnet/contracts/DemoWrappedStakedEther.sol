// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {DemoStakedEther} from "./DemoStakedEther.sol";

/// wstETH of the demo world: one token is one share of stETH, so that balances stay and the worth grows.
contract DemoWrappedStakedEther is ERC20, ERC20Permit {
    DemoStakedEther public immutable stETH;

    constructor(
        DemoStakedEther stETH_
    ) ERC20("Wrapped liquid staked Ether 2.0", "wstETH") ERC20Permit("Wrapped liquid staked Ether 2.0") {
        stETH = stETH_;
    }

    /// Stakes the ether and wraps what it yields.
    receive() external payable {
        _mint(msg.sender, stETH.submit{value: msg.value}(address(0)));
    }

    function wrap(uint256 value) external returns (uint256 shares) {
        require(value != 0, "wstETH: can't wrap zero stETH");
        shares = stETH.getSharesByPooledEth(value);
        _mint(msg.sender, shares);
        require(stETH.transferFrom(msg.sender, address(this), value));
    }

    function unwrap(uint256 shares) external returns (uint256 value) {
        require(shares != 0, "wstETH: zero amount unwrap not allowed");
        _burn(msg.sender, shares);
        value = stETH.transferShares(msg.sender, shares);
    }

    function getWstETHByStETH(uint256 value) external view returns (uint256) {
        return stETH.getSharesByPooledEth(value);
    }

    function getStETHByWstETH(uint256 shares) external view returns (uint256) {
        return stETH.getPooledEthByShares(shares);
    }

    function stEthPerToken() external view returns (uint256) {
        return stETH.getPooledEthByShares(1 ether);
    }

    function tokensPerStEth() external view returns (uint256) {
        return stETH.getSharesByPooledEth(1 ether);
    }
}
