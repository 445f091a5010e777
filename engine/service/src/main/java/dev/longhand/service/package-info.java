/**
 * Runs generations for clients; the protocols are in the packages {@code line} and {@code http}.
 */
@NullMarked
package dev.longhand.service;

import org.jspecify.annotations.NullMarked;
