// Sends the form of templates/sso/posting.html as soon as the page is there.
document.getElementById("post-form").submit();
