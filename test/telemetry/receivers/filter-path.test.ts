import { expect, test } from "vitest";
import { filteredBy } from "../../../src/telemetry/receivers/filter-path.js";

const answer = {
  took: 1,
  errors: true,
  items: [
    { index: { _id: "a", status: 201 } },
    { index: { _id: "b", status: 400, error: { type: "t", reason: "r" } } },
  ],
};

test.each([
  [undefined, answer],
  ["", answer],
  ["errors", { errors: true }],
  ["items.*.status", { items: [{ index: { status: 201 } }, { index: { status: 400 } }] }],
  ["errors,items.*.error", { errors: true, items: [{ index: { error: { type: "t", reason: "r" } } }] }],
  ["items.**.reason", { items: [{ index: { error: { reason: "r" } } }] }],
  ["**.status", { items: [{ index: { status: 201 } }, { index: { status: 400 } }] }],
  ["it*.in*x._id", { items: [{ index: { _id: "a" } }, { index: { _id: "b" } }] }],
  ["-items", { took: 1, errors: true }],
  ["items,-items.*._id,-items.*.error", { items: [{ index: { status: 201 } }, { index: { status: 400 } }] }],
  ["nothing.here", {}],
])("filter_path=%s", (path, expected) => {
  expect(filteredBy(answer, path)).toEqual(expected);
});
