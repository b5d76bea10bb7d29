// One table at a time. The server sorts, filters and pages: what comes is what is shown, whatever it holds is text.
// Bounded by: `pageSize` rows. Rows stay where they are while a pointer is down, so that a click meets what it aimed at.
import { quoted, run } from "./command.js";
import { cell, kindOf } from "./format.js";
import { isPaged, reach, tables } from "./tables.js";

const pageSize = 50;
const find = (id) => document.getElementById(id);
const [view, title, head, body, fault, extent] =
  ["table-view", "table-title", "table-head", "table-body", "table-fault", "extent"].map(find);
const [filterForm, filterField, live, previous, next, scroller] =
  ["filter-form", "filter", "live", "previous", "next", "table-scroller"].map(find);

/** A word alone is looked for in the texts; anything else is a condition as the console's. */
function conditionOf(table, filter) {
  if (filter === "" || /[<>=~]/.test(filter) || !table.searched) return filter;
  return table.searched.map((column) => `${column} ~ ${quoted(filter)}`).join(" or ");
}

export class TableView {
  #name = "";
  #open; // what a row's key opens: (name of the table, key)
  #state = {}; // of each table: { sort, filter, offset }
  #pressed = false;
  #asked = 0; // how often: only the last answer counts
  #matched = 0;

  constructor(open) {
    this.#open = open;
    filterForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change({ filter: filterField.value.trim(), offset: 0 });
    });
    filterField.addEventListener("input", () => { // its cross empties it
      if (filterField.value === "") filterForm.requestSubmit();
    });
    previous.addEventListener("click", () => this.#turn(-pageSize));
    next.addEventListener("click", () => this.#turn(pageSize));
    body.addEventListener("pointerdown", () => { this.#pressed = true; });
    for (const end of ["pointerup", "pointercancel"])
      window.addEventListener(end, () => setTimeout(() => { this.#pressed = false; })); // after the click
  }

  /** @param name of tables.js; empty: none. */
  async show(name) {
    this.#name = name;
    view.hidden = name === "";
    if (!name) return;
    const table = tables[name];
    this.#state[name] ??= { sort: table.sort, filter: "", offset: 0 };
    title.textContent = table.title;
    filterField.value = this.#state[name].filter;
    filterField.placeholder = `such as ${table.example}`;
    body.replaceChildren();
    fault.textContent = extent.textContent = "";
    scroller.scrollTo(0, 0);
    this.#showHead();
    await this.refresh();
  }

  get isLive() {
    return this.#name !== "" && live.checked;
  }

  #change(what) {
    Object.assign(this.#state[this.#name], what);
    this.#showHead();
    return this.refresh();
  }

  #turn(rows) {
    scroller.scrollTo(0, 0);
    return this.#change({ offset: Math.max(0, this.#state[this.#name].offset + rows) });
  }

  #command() {
    const table = tables[this.#name];
    const { sort, filter, offset } = this.#state[this.#name];
    const condition = conditionOf(table, filter);
    return [
      table.command,
      sort && `by ${sort}`,
      isPaged(table) && `n ${pageSize} offset ${offset}`,
      table.command.startsWith("top ") && `columns ${table.columns.join(",")}`,
      condition && `where ${condition}`, // last: a filter can end in nothing but itself
    ].filter(Boolean).join(" ");
  }

  async refresh() {
    const asked = ++this.#asked;
    try {
      const said = await run(this.#command());
      if (asked !== this.#asked || this.#pressed) return;
      fault.textContent = "";
      this.#matched = said.matched ?? said.result.length;
      this.#showRows(said.result);
      this.#showExtent(said);
    } catch (error) {
      if (error.constructor !== Error) throw error;
      if (asked === this.#asked) fault.textContent = error.message;
    }
  }

  #showHead() {
    const table = tables[this.#name];
    const { sort } = this.#state[this.#name];
    head.replaceChildren(...table.columns.map((column) => {
      const item = document.createElement("th");
      item.scope = "col";
      item.classList.toggle("number", kindOf(column) !== "text");
      if (!isPaged(table)) {
        item.textContent = column;
        return item;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = column;
      button.addEventListener("click", async () => {
        await this.#change({ sort: column, offset: 0 });
        head.querySelector("[aria-sort] button")?.focus();
      });
      item.append(button);
      // The server puts the largest numbers first, texts in their order.
      if (column === sort) item.setAttribute("aria-sort", kindOf(column) === "text" ? "ascending" : "descending");
      return item;
    }));
  }

  #showRows(rows) {
    const table = tables[this.#name];
    while (body.rows.length > rows.length) body.lastElementChild.remove();
    while (body.rows.length < rows.length) body.append(this.#emptyRow(table));
    rows.forEach((row, i) => table.columns.forEach((column, at) => {
      const place = body.rows[i].cells[at];
      const text = cell(column, row[column]);
      const holder = place.firstElementChild ?? place;
      if (holder.textContent !== text) holder.textContent = text;
      if (place.firstElementChild) {
        holder.value = row[column];
        holder.disabled = row[column] === "";
      }
    }));
  }

  #emptyRow(table) {
    const row = document.createElement("tr");
    for (const column of table.columns) {
      const place = document.createElement(column === table.key ? "th" : "td");
      place.classList.toggle("number", kindOf(column) !== "text");
      if (column === table.key) {
        place.scope = "row";
        const button = document.createElement("button");
        button.type = "button";
        const name = this.#name;
        button.addEventListener("click", () => this.#open(name, button.value));
        place.append(button);
      }
      row.append(place);
    }
    return row;
  }

  #showExtent({ result, total = result.length }) {
    const { offset } = this.#state[this.#name];
    const paged = isPaged(tables[this.#name]);
    const last = offset + result.length;
    const most = Math.min(this.#matched, reach);
    const of = this.#matched === total ? `${total.toLocaleString("en")}`
      : `${this.#matched.toLocaleString("en")} that match, ${total.toLocaleString("en")} in all`;
    extent.textContent = result.length === 0 ? `None of ${of}` : `${offset + 1} to ${last} of ${of}`;
    if (last >= reach && this.#matched > reach) extent.textContent += ". A filter shows others";
    previous.hidden = next.hidden = !paged;
    previous.disabled = offset === 0;
    next.disabled = last >= most;
  }
}
