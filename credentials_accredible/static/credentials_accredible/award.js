/* Makes the list of groups one that can be searched; without it, it is a plain list. */
"use strict";
(function ($) {
    $(function () {
        $("#id_group").select2({width: "40rem", theme: "admin-autocomplete"});
    });
}(django.jQuery));
