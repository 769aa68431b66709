// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The few cheat codes that these tests use.
interface Vm {
    function prank(address sender) external;
    function deal(address who, uint256 amount) external;
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
    function expectRevert(bytes calldata reason) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert() external;
    function assume(bool condition) external pure;
}

abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address internal constant STRANGER = address(0xBEEF);

    function assertEq(uint256 a, uint256 b, string memory what) internal pure {
        require(a == b, what);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, what);
    }

    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (x % (high - low + 1));
    }
}
