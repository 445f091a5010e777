# Compiles C and C++ for the build scripts of native code, which source this file: as many files at a
# time as there are processors, and only those that changed since their object was made.

# first_program NAME...: the first of these that is on the PATH, else nothing
first_program() {
    for program; do
        if [ -n "$program" ] && command -v "$program" >/dev/null 2>&1; then
            echo "$program"
            return
        fi
    done
}

# compile_all FOLDER: makes FOLDER/NAME.o of every line "NAME SOURCE [FLAG...]" on standard input, with
# the caller's $compiler and $flags, and sets $objects to all of them.
compile_all() {
    folder=$1
    taken=$folder/taken
    rm -rf "$taken"
    mkdir -p "$taken"
    cat > "$folder/list"
    objects=$(sed "s|^\([^ ]*\) .*|$folder/\1.o|" "$folder/list")
    workers=
    jobs=$(nproc 2>/dev/null || echo 2)
    while [ "$jobs" -gt 0 ]; do
        compile_untaken &
        workers="$workers $!"
        jobs=$((jobs - 1))
    done
    for worker in $workers; do
        wait "$worker"
    done
}

# One worker's share: whoever makes the folder of a name has taken it.
compile_untaken() {
    while read -r name source own_flags; do
        object=$folder/$name.o
        if mkdir "$taken/$name" 2>/dev/null && ! is_current "$object"; then
            # shellcheck disable=SC2086
            if ! "$compiler" $flags $own_flags -MMD -MF "$object.d" -c "$source" -o "$object.new"; then
                rm -rf "$taken" # nobody takes another
                return 1
            fi
            mv "$object.new" "$object"
        fi
    done < "$folder/list"
}

# is_current OBJECT: whether the build script, the source and its headers are all there and older
is_current() {
    # shellcheck disable=SC2046
    [ -f "$1" ] && [ -f "$1.d" ] &&
        [ -z "$(find "$0" $(sed -e 's/^[^ ]*: //' -e 's/\\$//' "$1.d") -newer "$1" 2>&1)" ]
}

# is_linked LIBRARY: whether it is newer than $objects
is_linked() {
    # shellcheck disable=SC2086
    [ -f "$1" ] && [ -z "$(find $objects -newer "$1")" ]
}
