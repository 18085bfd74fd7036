// @ts-check
import { isBeside } from "./dialog.js";
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { sized } from "./time.js";

/** @typedef {import("./types.js").Attachment} Attachment */

/** @param {string} id */
export const fileUrl = (id) => `/api/console/attachments/${encodeURIComponent(id)}`;

/**
 * The files of a message: pictures to look at, others to save.
 * @param {Attachment[]|undefined} files
 */
export function fileList(files) {
  if (!files?.length) return null;
  return h(
    "ul",
    { class: "files", "aria-label": "Files" },
    files.map((file) => h("li", null, file.type.startsWith("image/") ? picture(file) : document_(file))),
  );
}

/** @param {Attachment} file */
function picture(file) {
  return h(
    "button",
    {
      class: "thumbnail",
      type: "button",
      "data-attachment": file.id,
      title: `${file.name}, ${sized(file.size)}`,
      onclick: () => openPicture(file),
    },
    // With its size known the log does not jump when it comes.
    h("img", { src: fileUrl(file.id), alt: "", loading: "lazy", width: file.width, height: file.height }),
    hidden(`Picture ${file.name}, look at it`),
  );
}

/** @param {Attachment} file */
function document_(file) {
  return h(
    "a",
    { class: "file", href: fileUrl(file.id), download: file.name, "data-attachment": file.id },
    icon("file"),
    h("span", { class: "file-name" }, file.name),
    h("span", { class: "quiet small" }, sized(file.size)),
    hidden(", save it"),
  );
}

/** A picture as large as the page allows. @param {Attachment} file */
function openPicture(file) {
  const dialog = h(
    "dialog",
    {
      class: "viewer",
      "data-dialog": "picture",
      "aria-label": file.name,
      onclose: () => dialog.remove(),
      onpointerdown: (/** @type {PointerEvent} */ event) => isBeside(dialog, event) && dialog.close(),
    },
    h(
      "div",
      { class: "viewer-head" },
      h("p", { class: "grow file-name" }, file.name),
      h("a", { class: "button", href: fileUrl(file.id), download: file.name }, icon("down"), "Save"),
      h(
        "button",
        { class: "icon-button", type: "button", autofocus: true, onclick: () => dialog.close() },
        icon("close"),
        hidden("Close"),
      ),
    ),
    h("img", { src: fileUrl(file.id), alt: file.name, width: file.width, height: file.height }),
  );
  document.body.append(dialog);
  dialog.showModal();
}
