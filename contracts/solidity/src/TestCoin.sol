// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A stable coin to try with
/// @notice Anybody makes themselves as much of it as they like, so it is worth nothing and lives on the development chain alone.
contract TestCoin is ERC20 {
    uint256 public constant DEVELOPMENT_CHAIN = 31337;

    error NotForThisChain(uint256 chainId);

    constructor() ERC20("Test euro", "tEUR") {
        if (block.chainid != DEVELOPMENT_CHAIN) revert NotForThisChain(block.chainid);
    }

    /// @notice Makes units of it for the caller.
    function make(uint256 units) external {
        _mint(msg.sender, units);
    }

    /// @notice Makes units of it for somebody.
    function mint(address to, uint256 units) external {
        _mint(to, units);
    }

    /// @notice As the widespread stable coins have it.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
