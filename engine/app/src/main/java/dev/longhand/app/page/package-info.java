/** The page that {@code serve --http} shows to browsers: its files, and the results of a study. */
@NullMarked
package dev.longhand.app.page;

import org.jspecify.annotations.NullMarked;
