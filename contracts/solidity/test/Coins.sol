// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Billing} from "../src/Billing.sol";

/// @notice An ordinary coin.
contract PlainCoin is ERC20 {
    constructor() ERC20("Plain", "PLN") {}

    function mint(address to, uint256 units) external {
        _mint(to, units);
    }
}

/// @notice A coin that keeps one unit in a hundred of each transfer.
contract FeeCoin is PlainCoin {
    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, units);
        if (from != address(0) && to != address(0)) super._update(to, address(0), units / 100);
    }
}

/// @notice A coin that keeps all of a transfer.
contract GreedyCoin is PlainCoin {
    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, from == address(0) ? units : 0);
    }
}

/// @notice A coin that gives more than was sent.
contract GenerousCoin is PlainCoin {
    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, units);
        if (from != address(0) && to != address(0)) super._update(address(0), to, units);
    }
}

/// @notice A coin whose transfers answer nothing, and whose allowance must go through zero, as USDT's on Ethereum.
contract SilentCoin {
    mapping(address who => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 units) external {
        balanceOf[to] += units;
    }

    function approve(address spender, uint256 units) external {
        require(units == 0 || allowance[msg.sender][spender] == 0, "through zero");
        allowance[msg.sender][spender] = units;
    }

    function transfer(address to, uint256 units) external {
        balanceOf[msg.sender] -= units;
        balanceOf[to] += units;
    }

    function transferFrom(address from, address to, uint256 units) external {
        allowance[from][msg.sender] -= units;
        balanceOf[from] -= units;
        balanceOf[to] += units;
    }
}

/// @notice A coin that answers `false` and moves nothing.
contract RefusingCoin is PlainCoin {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice A coin that calls the contract again from inside a transfer, as one with hooks lets its receivers do.
contract ReentrantCoin is PlainCoin {
    Billing private _billing;
    bytes32 private _bill;
    bool private _inside;
    bool public refused;

    function aim(Billing billing, bytes32 bill) external {
        (_billing, _bill) = (billing, bill);
    }

    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, units);
        if (address(_billing) == address(0) || _inside) return;
        _inside = true;
        try _billing.processTokenPayment(_bill, address(this), 1) {}
        catch {
            refused = true;
        }
        _inside = false;
    }
}
