// Buttons that copy the content of a field. Without a script they are not shown: the field itself can be copied.

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // No clipboard without HTTPS, or without leave: the old way, for what is selected.
      if (!document.execCommand("copy")) return;
    }
    said.textContent = button.dataset.done;
  });
}
