document.addEventListener("DOMContentLoaded", function () {
  var field = document.getElementById("q");
  if (field && location.hash === "#search") {
    field.focus();
  }
});
