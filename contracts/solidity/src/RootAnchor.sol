// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title Anchored Merkle roots
/// @notice Keeps one root per subject, period and revision for ever; a later version of a period is the next revision.
/// Trees have OpenZeppelin's StandardMerkleTree form: double-hashed leaves, sorted pairs.
abstract contract RootAnchor is AccessControl {
    bytes32 public constant ANCHOR_ROLE = keccak256("ANCHOR_ROLE");

    /// @notice A root with how many leaves it stands for and when it was anchored.
    struct Root {
        bytes32 root;
        uint32 leaves;
        uint64 anchoredAt;
    }

    error RootExists(bytes32 subject, uint32 period, uint32 revision);
    error RevisionOutOfOrder(bytes32 subject, uint32 period, uint32 expected, uint32 given);
    error RootUnknown(bytes32 subject, uint32 period, uint32 revision);
    error RootEmpty();

    event RootAnchored(
        bytes32 indexed subject,
        uint32 indexed period,
        uint32 revision,
        bytes32 root,
        uint32 leaves,
        string cid
    );

    mapping(bytes32 subject => mapping(uint32 period => Root[])) private _roots;

    /// @notice Anchors the root of a subject and period (YYYYMMDD for days, YYYYMM for billing runs).
    /// @param cid where the encrypted batch lies, empty if nowhere.
    function anchorRoot(
        bytes32 subject,
        uint32 period,
        uint32 revision,
        bytes32 root,
        uint32 leaves,
        string calldata cid
    ) external onlyRole(ANCHOR_ROLE) {
        if (root == bytes32(0)) revert RootEmpty();
        Root[] storage revisions = _roots[subject][period];
        if (revision < revisions.length) revert RootExists(subject, period, revision);
        if (revision > revisions.length) {
            revert RevisionOutOfOrder(subject, period, uint32(revisions.length), revision);
        }
        revisions.push(Root(root, leaves, uint64(block.timestamp)));
        emit RootAnchored(subject, period, revision, root, leaves, cid);
    }

    /// @notice The root of a revision.
    function rootOf(bytes32 subject, uint32 period, uint32 revision) public view returns (bytes32) {
        return anchorOf(subject, period, revision).root;
    }

    /// @notice A revision with its number of leaves and time.
    function anchorOf(bytes32 subject, uint32 period, uint32 revision) public view returns (Root memory) {
        Root[] storage revisions = _roots[subject][period];
        if (revision >= revisions.length) revert RootUnknown(subject, period, revision);
        return revisions[revision];
    }

    /// @notice How many revisions there are; the newest is one less.
    function revisionCount(bytes32 subject, uint32 period) external view returns (uint256) {
        return _roots[subject][period].length;
    }

    /// @notice Whether `leaf` is in the tree of a revision.
    function verify(bytes32 subject, uint32 period, uint32 revision, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, rootOf(subject, period, revision), leaf);
    }
}
