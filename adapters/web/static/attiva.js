// The link in a message carries the code behind a #, where no server sees it. Here it goes into its field, and out of the address.
const field = document.getElementById("f-invitation");
if (field && location.hash.length > 1) {
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
