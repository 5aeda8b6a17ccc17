// A press: what is read again or comes live waits until it is let go, as the click on something replaced meanwhile is lost.

const LONGEST = 3000;
let over = Promise.resolve();
let end = () => {};

document.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button) return;
  end();
  over = new Promise((resolve) => {
    end = resolve;
    setTimeout(resolve, LONGEST);
  });
}, true);

// The click itself comes right after the pointer is up.
for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => setTimeout(end), true);

/** Wait until nothing is pressed, or somebody drags for long. */
export const released = () => over;
