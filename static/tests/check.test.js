import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, encodeLeaf, fieldHash, keccak, leafHash, rootFrom } from "../src/check.js";

const hex = (data) => "0x" + Buffer.from(data).toString("hex");
const text = (words) => new TextEncoder().encode(words);

test("keccak is Ethereum's", () => {
  assert.equal(hex(keccak(text(""))), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
});

test("a leaf is the one that OpenZeppelin's tree makes", async () => {
  const { StandardMerkleTree } = await import("@openzeppelin/merkle-tree");
  const types = ["string", "bytes32", "bytes32", "uint32", "bytes32"];
  const rows = [1, 2, 3, 4, 5].map((n) => ["microgrid-bill-1", hex(keccak(text("m"))), hex(keccak(text(`d${n}`))), 201603, hex(keccak(text(`c${n}`)))]);
  const tree = StandardMerkleTree.of(rows, types);
  rows.forEach((row, i) => {
    assert.equal(hex(leafHash(types, row)), tree.leafHash(row));
    assert.equal(hex(rootFrom(leafHash(types, row), tree.getProof(i))), tree.root);
  });
  assert.equal(encodeLeaf(types, rows[0]).length % 32, 0);
});

function bundle(values) {
  const salt = keccak(text("salt"));
  const fields = Object.entries(values).map(([path, value]) => ({ path, label: path, value }));
  const hashes = fields.map(({ path, value }, i) => fieldHash(salt, i, path, value));
  const commitment = hex(keccak(Buffer.concat(hashes)));
  return { salt: hex(salt), document: { fields }, field_hashes: hashes.map(hex), commitment, proof: [],
    leaf: { types: ["string", "bytes32", "bytes32", "uint32", "bytes32"], values: ["microgrid-bill-1", hex(keccak(text("m"))), hex(keccak(text("d"))), 201603, commitment] } };
}

test("exactly the figure that was changed is named", () => {
  const sealed = bundle({ number: "B-2016-000001", "lines/0/net_minor": "930", gross_minor: "6727" });
  assert.deepEqual(compare(new Map([["number", "B-2016-000001"], ["lines/0/net_minor", "930"], ["gross_minor", "6727"]]), sealed).wrong, []);
  const { wrong } = compare(new Map([["number", "B-2016-000001"], ["lines/0/net_minor", "931"], ["gross_minor", "6727"]]), sealed);
  assert.deepEqual(wrong.map(({ path, seen, value }) => [path, seen, value]), [["lines/0/net_minor", "931", "930"]]);
});

test("a figure that is not shown is named, and a changed seal is seen", () => {
  const sealed = bundle({ number: "B-1", gross_minor: "6727" });
  assert.equal(compare(new Map([["number", "B-1"]]), sealed).wrong[0].seen, "not shown");
  sealed.commitment = hex(keccak(text("other")));
  assert.equal(compare(new Map([["number", "B-1"], ["gross_minor", "6727"]]), sealed).sealed, false);
});

test("a figure left out at the end is seen", () => {
  const sealed = bundle({ number: "B-1", net_minor: "10", gross_minor: "12" });
  sealed.document.fields.pop();
  const { wrong, sealed: fits } = compare(new Map([["number", "B-1"], ["net_minor", "10"]]), sealed);
  assert.deepEqual([wrong, fits], [[], false]);
});
