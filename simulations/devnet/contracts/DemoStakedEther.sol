// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// stETH of the demo world: a rebasing token with the functions of Lido's that stakers and wrappers call.
///
/// Accounts hold shares of the contract's ether. Balances grow for everyone when ether arrives as a reward; there are
/// no validators, no oracle, no fee and no withdrawal queue.
contract DemoStakedEther is IERC20, IERC20Errors {
    string public constant name = "Liquid staked Ether 2.0";
    string public constant symbol = "stETH";
    uint8 public constant decimals = 18;

    mapping(address account => uint256) public sharesOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    uint256 public getTotalShares;

    event Submitted(address indexed sender, uint256 amount, address referral);
    event TransferShares(address indexed from, address indexed to, uint256 sharesValue);

    receive() external payable {
        _submit(address(0));
    }

    /// Stakes the value: the sender's balance grows by it, but for a wei of rounding. Returns the shares.
    function submit(address referral) external payable returns (uint256) {
        return _submit(referral);
    }

    /// Ether for every holder in proportion: this is what rebases the token.
    function receiveELRewards() external payable {}

    function getTotalPooledEther() public view returns (uint256) {
        return address(this).balance;
    }

    function totalSupply() external view returns (uint256) {
        return getTotalPooledEther();
    }

    function getPooledEthByShares(uint256 shares) public view returns (uint256) {
        return getTotalShares == 0 ? shares : Math.mulDiv(shares, getTotalPooledEther(), getTotalShares);
    }

    function getSharesByPooledEth(uint256 value) public view returns (uint256) {
        return _sharesOf(value, getTotalPooledEther());
    }

    function balanceOf(address account) external view returns (uint256) {
        return getPooledEthByShares(sharesOf[account]);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transferShares(msg.sender, to, getSharesByPooledEth(value), value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _transferShares(from, to, getSharesByPooledEth(value), value);
        return true;
    }

    function transferShares(address to, uint256 shares) external returns (uint256 value) {
        value = getPooledEthByShares(shares);
        _transferShares(msg.sender, to, shares, value);
    }

    function _submit(address referral) private returns (uint256 shares) {
        require(msg.value != 0, "ZERO_DEPOSIT");
        // The value has arrived already: its shares are counted against what was there before it.
        shares = _sharesOf(msg.value, getTotalPooledEther() - msg.value);
        getTotalShares += shares;
        sharesOf[msg.sender] += shares;
        emit Submitted(msg.sender, msg.value, referral);
        emit Transfer(address(0), msg.sender, getPooledEthByShares(shares));
        emit TransferShares(address(0), msg.sender, shares);
    }

    function _sharesOf(uint256 value, uint256 pooled) private view returns (uint256) {
        return getTotalShares == 0 ? value : Math.mulDiv(value, getTotalShares, pooled);
    }

    function _transferShares(address from, address to, uint256 shares, uint256 value) private {
        if (to == address(0) || to == address(this)) revert ERC20InvalidReceiver(to);
        uint256 held = sharesOf[from];
        if (held < shares) revert ERC20InsufficientBalance(from, getPooledEthByShares(held), value);
        sharesOf[from] = held - shares;
        sharesOf[to] += shares;
        emit Transfer(from, to, value);
        emit TransferShares(from, to, shares);
    }
}
