// As grid/domain/standing.py: a state that tells of a flow stands only beside a flow that the figures show.
const SHOWN_W = 50;

/** The name by which people read a state. */
export function standing({ status, import_w: taken, export_w: given }) {
  if (status !== "SURPLUS" && status !== "DEFICIT") return status;
  if (Math.max(taken, given) < SHOWN_W) return "NORMAL";
  return taken >= given ? "DEFICIT" : "SURPLUS";
}
