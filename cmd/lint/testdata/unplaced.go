// Package shelf stands where the picture has no place for it.
//
// as: shelf
package shelf // want direction
