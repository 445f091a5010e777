package dev.longhand.training.model;

/** The choice of trained tensors: adapters over a frozen base, or all weights. */
public sealed interface TrainingMethod permits LoraSettings, FullSettings {}
