// The page of all rules: a search, and a choice of severity and fixability.
document.addEventListener("DOMContentLoaded", () => {
  const title = document.querySelector("#rules-of-scaffold-check > h1");
  if (!title) return;
  const form = document.createElement("form");
  form.id = "rules-filter";
  form.innerHTML = `
    <input type="search" placeholder="Search the rules" aria-label="Search the rules">
    <select aria-label="Severity">
      <option value="">every severity</option><option>error</option><option>warning</option><option>info</option>
    </select>
    <select aria-label="Repair">
      <option value="">with and without a repair</option>
      <option value="yes">repaired by --fix</option><option value="no">repaired by hand</option>
    </select>`;
  title.after(form);
  const [search, severity, fix] = form.querySelectorAll("input, select");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    for (const section of document.querySelectorAll("#rules-of-scaffold-check section")) {
      let shown = 0;
      for (const row of section.querySelectorAll("tbody tr")) {
        const [, level, fixable] = [...row.cells].map((cell) => cell.textContent.trim());
        row.hidden =
          !row.textContent.toLowerCase().includes(search.value.trim().toLowerCase()) ||
          (severity.value !== "" && level !== severity.value) ||
          (fix.value !== "" && (fixable === "yes") !== (fix.value === "yes"));
        shown += row.hidden ? 0 : 1;
      }
      section.hidden = shown === 0;
    }
  });
});
