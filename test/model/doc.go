// Package model has spin check the Promela models of docs/model: with all rules every run within the bounds holds,
// without any one of them spin finds a run that ends badly, and the steps that the models take are those of the program.
package model
