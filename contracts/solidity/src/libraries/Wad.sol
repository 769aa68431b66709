// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Amounts of a bill whatever coin pays them
/// @notice A wad is a minor unit of the currency with 18 decimals; a rate says how many units of a coin are one minor unit.
/// Rounding is never to the payee's loss, and what a rest costs is worth that rest: `worthOf(costOf(x, r), r) >= x`.
library Wad {
    uint256 internal constant PER_MINOR = 1e18;

    /// @notice The units of a coin that a rest costs, rounded up.
    function costOf(uint256 restWad, uint256 unitsPerMinor) internal pure returns (uint256 units) {
        return Math.mulDiv(restWad, unitsPerMinor, PER_MINOR, Math.Rounding.Ceil);
    }

    /// @notice What units of a coin are worth, rounded down.
    function worthOf(uint256 units, uint256 unitsPerMinor) internal pure returns (uint256 wad) {
        return Math.mulDiv(units, PER_MINOR, unitsPerMinor);
    }
}
